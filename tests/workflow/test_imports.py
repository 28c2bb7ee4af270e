"""What imports what: rooms in one direction, jobs without the study, trainers apart, torch only where it is needed."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from workspaces import ROOT

from vernacular.run.code import closure, imported, module_path
from vernacular.study.recipes import RECIPES

LIBRARY = ROOT / "src" / "vernacular"
MODULES = sorted(path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*.py") if path.name != "__init__.py")
SCRIPTS = {path.stem: path for path in sorted((ROOT / "workflow" / "scripts").glob("*.py"))}
HEAVY = ("torch", "transformers", "trl", "peft", "datasets", "lingua")

# A room -> the rooms that it may import from. `study` and `planning` may import what formats, claims, processes and
# options are.
BASE = {"storage", "language", "answers"}
METHODS = BASE | {"corpus", "models"}
EVALUATION = METHODS | {"slam", "merge"}
ROOMS: dict[str, set[str]] = {
    "storage": set(),
    "language": {"storage"},
    "answers": {"storage", "language"},
    "corpus": BASE,
    "models": BASE,
    "slam": METHODS,
    "merge": METHODS,
    "evaluation": EVALUATION,
    "adamame": EVALUATION | {"evaluation"},
    "report": EVALUATION | {"evaluation"},
    "study": {"storage", "language"},
    "run": {"storage", "study"},
    "planning": EVALUATION | {"evaluation", "adamame", "study"},
    "command": EVALUATION | {"evaluation", "report", "planning"},
}
OPEN_TO_STUDIES = re.compile(
    r"corpus/formats\.py|evaluation/claim_terms\.py|models/launch\.py|planning/sizes\.py|\w+/options\.py"
)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> set[str]:
    """The modules of the library that a file imports, anywhere in it, as paths below the library."""
    nodes = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Import | ast.ImportFrom)]
    files = [module_path(name) for node in nodes for name in imported(node)]
    return {file.relative_to(LIBRARY).as_posix() for file in files if file and file.name != "__init__.py"}


def reached(script: str) -> set[str]:
    return {path.relative_to(LIBRARY).as_posix() for path in closure(SCRIPTS[script]) if path.is_relative_to(LIBRARY)}


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_import_in_one_direction(room: str) -> None:
    wrong = []
    for module in (name for name in MODULES if name.startswith(f"{room}/")):
        for other in imports(LIBRARY / module):
            allowed = {room, *ROOMS[room]}
            is_open = room in ("study", "planning") and OPEN_TO_STUDIES.fullmatch(other)
            if other.split("/")[0] not in allowed and not is_open:
                wrong.append(f"{module} -> {other}")
    assert not wrong


def test_every_module_is_in_a_room_and_reached() -> None:
    assert {name.split("/")[0] for name in MODULES} == set(ROOMS)
    found = set().union(*(reached(name) for name in SCRIPTS))
    start = [ROOT / "workflow" / "rules" / "common.smk"]
    start.append(LIBRARY / "__init__.py")  # what is offered to others
    is_program = re.compile(r'^if __name__ == "__main__"|^@program\(|^main = program\(', re.MULTILINE)
    start += [path for path in LIBRARY.rglob("*.py") if is_program.search(path.read_text(encoding="utf-8"))]
    for path in start:
        lines = re.findall(r"^from vernacular.*$", path.read_text(encoding="utf-8"), re.MULTILINE)
        for node in ast.parse("\n".join(lines)).body if path.suffix == ".smk" else [None]:
            files = [path] if node is None else [f for name in imported(node) if (f := module_path(name))]
            found |= {p.relative_to(LIBRARY).as_posix() for file in files for p in closure(file) if p.suffix == ".py"}
    left_out = {"storage/messages.py", "storage/command.py", "models/tracking.py"}
    assert set(MODULES) - found <= left_out


@pytest.mark.parametrize("script", SCRIPTS)
def test_no_job_imports_the_study(script: str) -> None:
    """So a reworded error about a configuration reruns nothing. Also not inside a function."""
    assert not [name for name in reached(script) if name.startswith(("study/", "planning/", "run/"))]


# A module that one method alone is made of -> the scripts that train with it.
TRAINED_BY = {
    "adamame/alignment.py": {"train_grpo"},
    "adamame/reward.py": {"train_grpo"},
    "adamame/grpo.py": {"train_grpo"},
    "adamame/sft.py": {"train_sft"},
    "slam/tune.py": {"train_slam"},
    "merge/train.py": {"train_mapping", "train_merge"},
    "merge/gates.py": {"train_mapping", "train_merge"},
    "models/translator.py": {"pretrain_translator"},
}


@pytest.mark.parametrize("module", TRAINED_BY)
def test_an_edited_trainer_retrains_its_own_models_alone(module: str) -> None:
    trainers = {recipe.rule for recipe in RECIPES.values() if recipe.reads}
    assert len(trainers) == 8 and trainers <= SCRIPTS.keys()
    assert {script for script in trainers if module in reached(script)} == TRAINED_BY[module]


def test_no_training_depends_on_metrics_figures_or_another_method() -> None:
    for rule in {recipe.rule for recipe in RECIPES.values() if recipe.reads}:
        assert not [name for name in reached(rule) if name.startswith(("evaluation/", "report/"))], rule
    for script in ("score", "make_table", "make_claims", "plot_pareto", "filter_traces", "make_questions"):
        rooms = {name.split("/")[0] for name in reached(script)}
        assert not rooms & {"models", "adamame", "merge"}, script


def test_every_script_belongs_to_a_rule() -> None:
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    named = set(re.findall(r'job\("(\w+)"\)', rules))
    assert named == set(SCRIPTS) - {"rescore"}  # which people run by hand, on completions of their own
    for rule, script in re.findall(r'rule (?:\w+ as )?(\w+)(?: with)?:\n(?:.+\n|\n(?! *\n))*?.*job\("(\w+)"\)', rules):
        assert rule == script or (rule, script) in {("train", "train_sft"), ("preflight_node", "preflight")}, rule


def test_nothing_follows_the_work_of_a_program() -> None:
    """Python runs it where it is defined, so what follows would not be there yet; an import hides that."""
    programs = 0
    for path in [*SCRIPTS.values(), *LIBRARY.rglob("*.py")]:
        body = ast.parse(path.read_text(encoding="utf-8")).body
        for place, node in enumerate(body):
            if isinstance(node, ast.FunctionDef) and any("program(" in ast.unparse(one) for one in node.decorator_list):
                programs += 1
                assert not body[place + 1 :], f"{path}: move what follows {node.name}() before it"
    assert programs > len(SCRIPTS) // 2


def test_packages_are_empty_and_imports_absolute() -> None:
    """The closure follows absolute imports alone, and takes packages for empty."""
    for path in LIBRARY.rglob("*.py"):
        if path == LIBRARY / "__init__.py":  # the public names, which nothing in the library itself imports from there
            continue
        assert path.name != "__init__.py" or not path.read_text(encoding="utf-8").strip(), path
        assert not re.search(
            r"^\s*(from vernacular import|import vernacular\b)", path.read_text(encoding="utf-8"), re.M
        )
        for node in ast.walk(tree(path)):
            assert not isinstance(node, ast.ImportFrom) or not node.level, path
            called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            assert called != "import_module", path


def test_no_heavy_import_at_the_top_of_a_script() -> None:
    """Each script answers --help at once, and those of the corpus, the scores and the figures never load torch."""
    code = "import importlib.util, sys\n" + "".join(
        f"spec = importlib.util.spec_from_file_location('{name}_script', r'{path}')\n"
        "spec.loader.exec_module(importlib.util.module_from_spec(spec))\n"
        for name, path in SCRIPTS.items()
    )
    code += f"print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "src", capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.strip() == "[]", done.stdout + done.stderr


def test_torch_belongs_to_training_and_generation() -> None:
    """Figures, tables, filters and scores import no torch anywhere, not even inside a function."""
    needs = {recipe.rule for recipe in RECIPES.values() if recipe.reads}
    needs |= {"make_rl_prompts", "generate", "generate_merged", "generate_translated"}
    needs |= {"slam_probe", "preflight", "take_checkpoint", "merge_weights", "fetch_folder"}
    for name, path in SCRIPTS.items():
        text = "".join(file.read_text(encoding="utf-8") for file in closure(path))
        found = re.search(r"^\s*(import torch|from (torch|transformers|trl)\b)", text, re.MULTILINE)
        assert bool(found) == (name in needs), name
