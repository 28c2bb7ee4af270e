"""Licences stand in one file, which knows every shipped configuration's models and data; the docs show the same."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from vernacular.study.graph import build_graph
from vernacular.study.licences import UNKNOWN, load_licences, origins_of
from vernacular.study.resolve import resolve_study

ROOT = Path(__file__).parents[2]
SHIPPED = [
    *(ROOT / f"config/{name}.yaml" for name in ("config", "one-gpu", "small")),
    *sorted((ROOT / "config/paper").glob("*.yaml")),
]


def study_of(path: Path) -> dict[str, Any]:
    return resolve_study(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)


def test_the_docs_hold_the_table() -> None:
    rows = [f"| {e['what']} | {', '.join(e['origins'])} | {e['licence']} |" for e in load_licences()]
    table = "\n".join(["| what | where | licence |", "|---|---|---|", *rows, ""])
    assert table in (ROOT / "docs/data.md").read_text(encoding="utf-8")
    origins = [origin for entry in load_licences() for origin in entry["origins"]]
    assert len(origins) == len(set(origins))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_study_knows_the_licences_of_what_it_is_made_of(path: Path) -> None:
    study = study_of(path)
    rows = origins_of(study, build_graph(study["models"]).values())
    assert rows and not [row for row in rows if row["licence"] == UNKNOWN]


def test_the_miniature_is_vernaculars_own() -> None:
    study = study_of(ROOT / "config/config.yaml")
    models = build_graph(study["models"])
    [row] = origins_of(study, [models[name] for name in ("adamame", "sft", "lrm", "st-merge")])
    assert row["origin"] == "phrasebook" and row["licence"].startswith("Vernacular's own")


def test_where_things_come_from() -> None:
    """A model of the hub, files at addresses (each repository once), a data set, a folder, something unheard of."""
    addresses = [f"https://raw.example.org/dayeonki/adamame/{'e' * 40}/1_sft/data/{name}.json" for name in "ab"]
    addresses.append("https://example.org/datasets/facebook/xnli/resolve/main/x.json")
    study: dict[str, Any] = {
        "models": {
            "lrm": {"recipe": "hub", "repo": "Qwen/Qwen3-4B", "revision": "abc"},
            "sft": {"recipe": "sft", "from": "lrm"},
            "fine": {"recipe": "finetune", "from": "sft", "data": "mixed"},
        },
        "sources": {"traces": {"urls": [{"url": url} for url in addresses]}, "mine": {"folder": "my/data"}},
        "traces": {"source": "traces"},
        "data": {"mixed": [{"source": "mine"}, {"source": "mine"}]},
        "benchmarks": {},
    }
    models = build_graph(study["models"])
    rows = origins_of(study, [models[name] for name in ("fine", "sft", "lrm")])
    assert [(row["source"], row["origin"], row["revision"]) for row in rows] == [
        ("mine", "my/data", ""),
        ("traces", "dayeonki/adamame", "e" * 40),
        ("traces", "facebook/xnli", "main"),
        ("lrm", "Qwen/Qwen3-4B", "abc"),
    ]
    assert rows[0]["licence"] == UNKNOWN and rows[3]["licence"] == "Apache-2.0" and "GPT-5 nano" in rows[1]["licence"]
