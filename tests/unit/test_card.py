"""Model cards hold whatever names and texts there are without breaking, and a push sends the folder in one commit."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hub_folders import write_model
from huggingface_hub import ModelCard
from hypothesis import given, settings
from hypothesis import strategies as st
from push_hub import PushHub, committed, created
from scripts import run_script

from vernacular.command.main import main
from vernacular.command.push import files_of
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.report.card import escaped, model_card, yaml_block
from vernacular.report.options import CardOptions

MANIFEST: dict[str, Any] = {
    "model": "adamame",
    "seed": 1,
    "recipe": {"recipe": "grpo", "from": "sft", "alignment": {"schedule": "cosine", "bonus": 2.0}},
    "key": "k",
    "code": "c0de",
    "inputs": {"parent": "aa", "data": "bb"},
    "packages": dict.fromkeys(("torch", "transformers", "trl", "peft", "accelerate", "tokenizers", "numpy"), "1.0"),
    "total_parameters": 1_000_000,
    "trainable_parameters": 5_000,
    "tokens_seen": 123_456,
}
OPTIONS = CardOptions(
    study="default",
    scale="miniature",
    licence="Apache-2.0",
    languages=["en", "fr"],
    parents=[{"model": "sft", "recipe": "sft"}, {"model": "lrm", "recipe": "hub", "repo": "Qwen/Qwen3-4B"}],
    data=[{"benchmark": "mini-mgsm", "languages": ["fr"]}],
    sources=[{"source": "xnli", "origin": "facebook/xnli", "revision": "b8dd", "licence": "CC BY-NC 4.0"}],
)
ROW = {
    "model": "adamame", "benchmark": "mini-mgsm", "language": "all", "seed": "1", "n": "300", "accuracy": "0.805",
    "metrics_version": str(METRICS_VERSION),
    "accuracy_low": "0.78", "accuracy_high": "0.83", "lpr": "0.9", "lpr_low": "0.88", "lpr_high": "0.92",
    "answer_consistency": "0.75", "answer_consistency_low": "0.7", "answer_consistency_high": "0.8",
}  # fmt: skip


def metadata(card: str) -> dict[str, Any]:
    """What a hub reads: between the first line of three dashes and the next."""
    first, *lines = card.split("\n")
    assert first == "---"
    return yaml.safe_load("\n".join(lines[: lines.index("---")]))


def test_a_card_says_what_a_model_is() -> None:
    others = [{**ROW, "language": "fr"}, {**ROW, "model": "sft"}, {**ROW, "seed": "2"}]
    card = model_card(MANIFEST, [ROW, *others], OPTIONS)
    head = metadata(card)
    found = {one.metric_type: one.metric_value for one in ModelCard(card).data.eval_results or []}
    assert found == {"accuracy": 80.5, "lpr": 90.0, "answer_consistency": 75.0}
    assert head.pop("model-index")[0]["results"][0]["dataset"]["config"] == "all"
    assert head == {
        "license": "apache-2.0", "library_name": "transformers", "language": ["en", "fr"],
        "tags": ["vernacular", "grpo"], "base_model": ["Qwen/Qwen3-4B"],
    }  # fmt: skip
    assert "adamame from sft from lrm" in card and "5,000 were trained, on 123,456 tokens" in card
    assert [line for line in card.splitlines() if line.startswith("| mini")] == [
        "| mini\\-mgsm | all | 300 | 80.5 (78.0 to 83.0) | 90.0 (88.0 to 92.0) | none | none | 75.0 (70.0 to 80.0) |"
    ]
    assert "| xnli | facebook/xnli | b8dd | CC BY\\-NC 4.0 |" in card
    assert "downloads.json has the commit" in card
    pinned = [{**OPTIONS.sources[0], "revision": "b" * 40}]
    assert "downloads.json" not in model_card(MANIFEST, [], replace(OPTIONS, sources=pinned))
    assert "bonus: 2.0" in card and "- fr" in card and "Apache\\-2.0" in card
    bare = model_card(MANIFEST, [], replace(OPTIONS, licence=None, parents=[], data=None))
    assert metadata(bare)["license"] == "other" and "None in the tables" in bare and "None: from scratch" in bare


def test_the_use_that_a_card_shows_runs(tmp_path: Path) -> None:
    write_model(tmp_path / "model", "qwen3", "")
    [code] = re.findall("```python\n(.*?)```", model_card(MANIFEST, [], OPTIONS), re.DOTALL)
    said: list[object] = []
    exec(code.replace("OWNER/NAME", str(tmp_path / "model")), {"print": said.append})
    assert len(said) == 1 and isinstance(said[0], str)


def test_a_card_says_what_a_training_noted() -> None:
    plain = model_card(MANIFEST, [], OPTIONS)
    noted = model_card({**MANIFEST, "notes": ["Of 9 rows 2 were cut.", "A <b>."]}, [], OPTIONS)
    assert noted == plain.replace("123,456 tokens.", "123,456 tokens. Of 9 rows 2 were cut. A &lt;b&gt;.")
    assert plain == model_card({**MANIFEST, "notes": []}, [], OPTIONS)


def test_the_script_reads_tables_and_manifest(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    (tmp_path / "scores.csv").write_text(",".join(ROW) + "\n" + ",".join(ROW.values()) + "\n")
    given = ("--model", tmp_path, "--options", OPTIONS.to_json(), "--out", tmp_path / "card.md")
    assert run_script("make_card", tmp_path / "scores.csv", *given) == 0
    card = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert card == model_card(MANIFEST, [ROW], OPTIONS) and "80.5 (78.0 to 83.0)" in card


def test_a_broken_manifest_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "manifest.json").write_text("[]")
    options = OPTIONS.to_json()
    assert run_script("make_card", "--model", tmp_path, "--options", options, "--out", tmp_path / "card.md") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1 and not (tmp_path / "card.md").exists()


HOSTILE = "x`|</details><script>alert(1)</script>\n---\n# [a](javascript:b) ${{ c }} \u202e"


@settings(max_examples=30, deadline=None)
@given(text=st.text(max_size=40) | st.just(HOSTILE))
def test_no_text_breaks_a_card(text: str) -> None:
    """Names, data and repositories are others' text: no mark-up comes of it, and the metadata stays what it is."""
    manifest = {**MANIFEST, "model": text, "recipe": {"recipe": text, "note": text}}
    row = {**ROW, "model": text, "benchmark": text}
    options = replace(
        OPTIONS,
        study=text,
        scale=text,
        data=[{text: text}],
        parents=[{"model": text, "repo": text}],
        sources=[dict.fromkeys(("source", "origin", "revision", "licence"), text)],
    )
    card = model_card(manifest, [row], options)
    assert metadata(card)["base_model"] == [text] and metadata(card)["tags"] == ["vernacular", text]
    shown = escaped(text)
    assert "\n" not in shown and "<" not in shown and "|" not in shown.replace("\\|", "")
    fenced = yaml_block({"a": text})
    fence = fenced[: len(fenced) - len(fenced.lstrip("`"))]
    assert fenced.count(fence) == 2 and yaml.safe_load(fenced.split("\n", 1)[1].rsplit(fence, 1)[0]) == {"a": text}


# --- push


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = tmp_path / "adamame"
    model.mkdir()
    for name in (
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "chat_template.jinja",
        "manifest.json",
        "history.csv",
    ):
        (model / name).write_text(f"of {name}")
    for name in (".snakemake_timestamp", "optimizer.pt", "notes.bin"):
        (model / name).write_text("not for others")
    (tmp_path / "card.md").write_text("---\nlicense: apache-2.0\n---\n# adamame\n")
    return model


def call(folder: Path, *more: str) -> int:
    return main(["push", str(folder), "--card", str(folder.parent / "card.md"), "--repo", "me/adamame", *more])


def test_a_push_is_one_commit_with_the_card(pushes: list, folder: Path, capsys: pytest.CaptureFixture) -> None:
    """By the real client, to a hub of a few lines on this machine."""
    assert call(folder) == 0
    assert "/me/adamame/commit/0" in capsys.readouterr().out
    assert {token for _, token, _ in pushes} == {"Bearer hf_secret"}
    assert created(pushes)["visibility"] == "private" and created(pushes)["type"] == "model"
    _, head, files = committed(pushes)
    assert head["summary"] == "adamame, made by Vernacular"
    sent = {name: data.decode() for name, data in files.items()}
    assert sent.pop("README.md") == (folder.parent / "card.md").read_text()
    assert sent == {name: f"of {name}" for name in sent}
    assert set(sent) == {path.name for path in files_of(folder)} and len(sent) == 6


def test_a_push_that_fails_shows_no_signed_address(
    pushes: list, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(PushHub, "mode", "lfs")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    assert call(folder) == 2
    assert any("planted-7b1e4" in path for path, _, _ in pushes)
    shown = "".join(capfd.readouterr())
    assert "vernacular push: me/adamame: Error while uploading" in shown and "/store/file" in shown
    assert "planted" not in shown and "hf_secret" not in shown


def test_what_a_push_refuses(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    assert call(folder, "--dry-run") == 0 and "model.safetensors" in capsys.readouterr().out
    assert call(folder) == 2 and "HF_TOKEN is not set" in capsys.readouterr().err
    (folder / "secret.json").symlink_to(folder.parent / "card.md")
    assert call(folder, "--dry-run") == 2 and "secret.json: not this folder's own file" in capsys.readouterr().err
    assert call(folder.parent, "--dry-run") == 2 and "no *.safetensors here" in capsys.readouterr().err
