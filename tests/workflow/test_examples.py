"""The studies of examples/: short, and each plans what its first lines promise."""

from pathlib import Path

import pytest
import yaml
from workspaces import ROOT, dry_run

from vernacular.study.schema import load_schema

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
MODELS = ("lrm", "sft", "merge-reasoner", "translator")  # of the default study, that some of them start from
PLANNED = {
    "own-questions": {"fetch_folder": 1, "make_questions": 1, "generate": 1, "score": 1, "make_page": 1},
    "adamame-hub": {"download": 3, "train_sft": 1, "train_grpo": 2, "generate": 4},
    "own-schedule": {"try_functions": 2, "train_grpo": 3, "generate": 4},
    "slam-probe": {"fetch_folder": 1, "make_questions": 1, "slam_probe": 1, "plot_slam_probe": 1},
    "merge": {"train_mapping": 1, "train_merge": 2, "generate": 1, "generate_merged": 2, "make_merge_table": 1},
}


@pytest.fixture(scope="module")
def folder(fresh: Path) -> Path:
    for name in MODELS:
        (fresh / "results" / "default" / "seed-1" / "models" / name).mkdir(parents=True, exist_ok=True)
    return fresh


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example(folder: Path, path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 30
    assert yaml.safe_load(path.read_text(encoding="utf-8")).keys() <= load_schema()["properties"].keys()
    commands = [line.removeprefix("#   ").split() for line in lines if line.startswith("#   snakemake")]
    for word, *words in commands:
        found = dry_run(folder, *words)
        assert word == "snakemake" and "warning" not in found.text
    jobs = found.jobs
    assert {name: jobs.get(name) for name in PLANNED[path.stem]} == PLANNED[path.stem], jobs
    if path.stem == "slam-probe":
        assert jobs == PLANNED["slam-probe"]  # and nothing else


def test_a_model_that_is_not_there_is_named(fresh: Path, tmp_path: Path) -> None:
    text = (ROOT / "examples" / "own-questions.yaml").read_text(encoding="utf-8")
    for folder, hint in (("results/defualt", "relative paths start at"), ("~/mine", "write out the home folder for ~")):
        (tmp_path / "mine.yaml").write_text(text.replace("results/default", folder), encoding="utf-8")
        line = dry_run(fresh, "--configfile", tmp_path / "mine.yaml").complaint
        assert f"models.lrm.path: no folder {folder}/seed-1/models/lrm; {hint}" in line
