"""Profiles, environments, the continuous integration, and the description of every configuration key."""

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from workspaces import ROOT

from vernacular.models.loop import common_arguments
from vernacular.study import trainer_options
from vernacular.study.readme import cell, readme
from vernacular.study.recipes import OURS, RECIPES
from vernacular.study.resolve import resolve_study
from vernacular.study.schema import load_schema, resolved

PROFILES = {path.parent.name: path for path in sorted((ROOT / "profiles").glob("*/profile.yaml"))}


def load(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# --- profiles


def test_profiles_parse() -> None:
    assert set(PROFILES) == {"default", "local", "slurm"}
    assert load(PROFILES["local"])["executor"] == "local"
    assert load(PROFILES["slurm"])["executor"] == "slurm"


def test_default_profile_is_neutral() -> None:
    """Snakemake lays profiles/default over every other profile without a word, key by key."""
    for key in load(PROFILES["default"]):
        assert key not in ("executor", "jobs", "default-resources", "retries", "latency-wait") and not key.startswith(
            "set-"
        ), key


def test_code_counts_by_its_hash_in_every_profile() -> None:
    triggers = load(PROFILES["default"])["rerun-triggers"]
    assert sorted(triggers) == ["input", "mtime", "params", "software-env"]  # not `code`
    for name in ("local", "slurm"):
        assert "rerun-triggers" not in load(PROFILES[name])


def test_retries_stand_in_the_profile_and_in_no_rule() -> None:
    assert load(PROFILES["slurm"])["retries"] >= 1
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        assert not re.search(r"^\s*retries:", path.read_text(encoding="utf-8"), re.MULTILINE), path


@pytest.mark.parametrize("name", ["slurm", "local"])
def test_links_in_the_root(name: str) -> None:
    link = ROOT / name
    assert link.is_symlink() and os.readlink(link) == f"profiles/{name}"


# --- environments


def lock() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def pip_part(path: Path) -> tuple[dict[str, Any], list[str]]:
    environment = load(path)
    [pip] = [part["pip"] for part in environment["dependencies"] if isinstance(part, dict)]
    return environment, pip


def test_environment_yml() -> None:
    environment, pip = pip_part(ROOT / "environment.yml")
    assert environment["channels"] == ["conda-forge"]
    assert "python=3.11" in environment["dependencies"] and "pip" in environment["dependencies"]
    assert pip == ["-r requirements.lock", "-e ."]


def test_rules_environment_takes_the_lock() -> None:
    path = ROOT / "workflow" / "envs" / "vernacular.yaml"
    _, [line] = pip_part(path)
    assert (path.parent / line.removeprefix("-r ")).resolve() == ROOT / "requirements.lock"
    for rules in (ROOT / "workflow" / "rules").glob("*.smk"):
        text = rules.read_text(encoding="utf-8")
        assert text.count('"../envs/vernacular.yaml"') == len(re.findall(r"^rule ", text, re.MULTILINE)), rules


def test_lock_pins_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pinned = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in lock().items()}
    assert pinned["torch"] == "2.13.0"
    extras = project["optional-dependencies"]
    for need in map(Requirement, [*project["dependencies"], *extras["train"], *extras["workflow"], *extras["test"]]):
        assert need.name == "vernacular" or need.specifier.contains(pinned[need.name.lower()]), need


def test_continuous_integration_runs_make_test() -> None:
    workflow = load(ROOT / ".github" / "workflows" / "ci.yml")
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert any("make test" in step.get("run", "") for step in steps)
    assert re.search(r"^test:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_rules_hold_directives_alone() -> None:
    """mypy and ruff see all Python but that: a function belongs into the library."""
    for path in [ROOT / "Snakefile", *(ROOT / "workflow" / "rules").glob("*.smk")]:
        assert not re.search(r"^\s*(async\s+def|def|class)\s", path.read_text(encoding="utf-8"), re.MULTILINE), path
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["tool"]["mypy"]["files"] == ["src", "workflow/scripts"]
    excluded = project["tool"]["ruff"].get("extend-exclude", [])
    assert not [name for name in excluded if list((ROOT / name).glob("*.py"))]


# --- the configuration and its description


def properties(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(part, dict):
        for key, sub in part.get("properties", {}).items() if isinstance(part.get("properties"), dict) else ():
            yield f"{path}.{key}", sub
        for key, sub in part.items():
            yield from properties(sub, f"{path}.{key}")


def test_every_key_is_described() -> None:
    schema = load_schema()
    found = dict(properties(schema))
    assert len(found) > 60
    for path, part in found.items():
        target = schema["$defs"][part["$ref"].rsplit("/", 1)[1]] if "$ref" in part else part
        assert {**target, **part}.get("description"), path


def test_every_key_is_in_the_readme() -> None:
    """Also the keys that it describes once for several sections."""
    schema, page = load_schema(), readme()
    for path, raw in properties(schema):
        key, description = path.rpartition(".")[2], resolved(raw, schema)["description"]
        if key != "recipe":
            assert f"{key}`" in page and (description in page or cell(description) in page), path


def test_unknown_keys_are_refused_wherever_keys_are_listed() -> None:
    def visit(part: Any, path: str) -> None:
        if isinstance(part, dict):
            if part.get("type") == "object" and "properties" in part:
                assert part.get("additionalProperties") is False or path == "schema.properties.sources", path
            for key, sub in part.items():
                visit(sub, f"{path}.{key}")

    visit(load_schema(), "schema")


def test_config_readme_is_up_to_date() -> None:
    path = ROOT / "config" / "README.md"
    assert path.read_text(encoding="utf-8") == readme(), "python -m vernacular.study.readme > config/README.md"


@pytest.mark.parametrize("name", ["config", "smoke", "mgsm"])
def test_shipped_study_resolves(name: str) -> None:
    study = resolve_study(load(ROOT / "config" / f"{name}.yaml"), name)
    splits = {(e["split"], e["checkpoints"]) for e in study["evaluations"]}
    assert study["bootstrap"] >= 100 and study["seeds"] and splits <= {("test", False), ("dev", True)}


def test_default_study_is_adamames() -> None:
    study = resolve_study(load(ROOT / "config" / "config.yaml"), "config.yaml")
    assert len(study["languages"]) == 23
    evaluated = ["bn", "de", "en", "es", "fr", "ja", "ko", "ru", "sw", "te", "th", "zh"]
    assert sorted(study["evaluations"][0]["languages"]) == evaluated
    assert study["models"]["adamame"]["alignment"] == {
        "schedule": "cosine",
        "form": "multiplicative",
        "diversity": "none",
        "match": "whole",
        "bonus": 2.0,
        "floor": 0.1,
    }
    trainings = [m["training"] for m in study["models"].values() if m["recipe"] == "grpo" and m["from"] == "sft"]
    assert all(training == trainings[0] for training in trainings)  # the comparison is of alignments alone


# --- the trainers' options

SUPERVISED = ("pretrain", "finetune", "slam", "translator", "merge-mapping", "merge")


def test_trainer_options_are_found_without_importing() -> None:
    for kind, known in {"pretrain": "max_steps", "sft": "packing", "grpo": "num_generations", "lora": "r"}.items():
        assert known in trainer_options.known_options(kind), kind
        assert "learning_rat" not in trainer_options.known_options(kind)
    assert "num_generations" not in trainer_options.known_options("sft")


def test_trainer_options_of_a_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that only submits jobs may lack the trainers; then no option is refused."""
    monkeypatch.setattr(trainer_options, "find_spec", lambda name: None)
    for function in (trainer_options.fields, trainer_options.text_of):
        function.cache_clear()
    try:
        assert trainer_options.known_options("grpo") == set()
    finally:
        for function in (trainer_options.fields, trainer_options.text_of):
            function.cache_clear()


def keywords(file: str, call: str) -> set[str]:
    """The keywords of the calls of a class in a library file."""
    tree = ast.parse((ROOT / "src" / "vernacular" / file).read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls = [node for node in nodes if ast.unparse(node.func).split(".")[-1] == call]
    assert calls
    return {keyword.arg for node in calls for keyword in node.keywords if keyword.arg}


def test_options_that_the_library_sets_itself() -> None:
    """A recipe that gives one of them again is refused before any job, not by Python when its training begins."""
    calls = {
        "sft": ("adamame/sft.py", "SFTConfig"),
        "grpo": ("adamame/grpo.py", "GRPOConfig"),
        **dict.fromkeys(SUPERVISED, ("models/loop.py", "TrainingArguments")),
    }
    assert set(calls) == {name for name, recipe in RECIPES.items() if recipe.reads}
    job = SimpleNamespace(folder="x", seed=1, tracking=None)
    common = set(common_arguments(job))  # which TRL's recipes may set anew
    for recipe, call in calls.items():
        given = keywords(*call) | (common if recipe in SUPERVISED else set())
        assert OURS | given == trainer_options.taken_options(recipe), recipe
    assert keywords("models/parents.py", "LoraConfig") == trainer_options.taken_options("lora")
