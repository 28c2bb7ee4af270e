"""config/eval.yaml laid over with files of one's own: what a dry run plans, and what it says of languages that a folder
does not have."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from benchmark_files import FILES, lay_out
from workspaces import ROOT, Run, dry_run

HELD = {"mmath": ["en", "ja"], "include": ["fr", "mk"], "belebele": ["en", "zh"], "global-mmlu-lite": ["fr"]}
HELD |= {"polymath": ["fr"], "mclm": ["en", "zh"], "global-mgsm": ["am"], "afrimgsm": ["am", "sw"], "aime": ["th"]}
HELD |= {"gsm8k": ["en"]}


@pytest.fixture
def planned(fresh: Path, tmp_path: Path) -> Callable[[dict[str, list[str]]], Run]:
    """A dry run of the shipped study on local folders alone; asked: format -> languages."""
    shipped = yaml.safe_load((ROOT / "config" / "eval.yaml").read_text(encoding="utf-8"))
    (tmp_path / "model").mkdir()

    def plan(asked: dict[str, list[str]]) -> Run:
        sources = {f"my-{form}": {"format": form, "folder": str(lay_out(tmp_path, form))} for form in asked}
        mine: dict[str, Any] = {"study": "eval-mine", "languages": ["en", "fr", "ja", "th", "sw", "am", "zh", "mk"]}
        mine["sources"] = {**dict.fromkeys(shipped["sources"]), **sources}
        mine["benchmarks"] = dict.fromkeys(shipped["benchmarks"]) | {form: {"source": f"my-{form}"} for form in asked}
        folder = {"recipe": "folder", "path": str(tmp_path / "model")}
        mine["models"] = {**dict.fromkeys(shipped["models"]), "mine": folder}
        mine["evaluations"] = [{"benchmarks": [form], "languages": codes} for form, codes in asked.items()]
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(mine, sort_keys=False), encoding="utf-8")
        return dry_run(fresh, "--configfile", "config/eval.yaml", path)

    return plan


def test_every_format_is_evaluated_from_a_folder(planned: Callable[[dict[str, list[str]]], Run]) -> None:
    assert HELD.keys() == FILES.keys()
    jobs = planned(HELD).jobs
    assert jobs["generate"] == jobs["score"] == len(HELD) and jobs["make_questions"] == 1
    assert "download" not in jobs and not [name for name in jobs if "train" in name]


@pytest.mark.parametrize(
    ("form", "said"),
    {
        "mmath": "has no file for 'sw'; choose from: en, fr, ja",
        "include": "has no file for 'sw'; choose from: fr, mk",
        "belebele": "has no file for 'sw'; choose from: ar, ars, en, fr, zh",
    }.items(),
)
def test_a_language_that_the_folder_lacks(planned: Callable[[dict[str, list[str]]], Run], form: str, said: str) -> None:
    assert said in planned({form: ["fr", "sw"]}).complaint
