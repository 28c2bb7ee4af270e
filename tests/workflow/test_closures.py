"""What each script depends on: an edit reruns what uses it, so a script must not reach what it does not need."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from workspaces import ROOT

from vernacular.run.code import closure, code_hash

LIBRARY = ROOT / "src" / "vernacular"
SCRIPTS = {path.stem: path for path in sorted((ROOT / "workflow" / "scripts").glob("*.py"))}
HEAVY = ("torch", "transformers", "trl", "peft", "datasets", "lingua")

COMMAND = "command files shown"
RECORDS = f"{COMMAND} corpus.phrasebook corpus.records prompts yaml_file"
MINIATURE = f"{RECORDS} corpus.miniature corpus.facts corpus.statements"
FORMATS = "corpus.formats languages yaml_file study_sources study_schema"
SOURCES = f"{MINIATURE} corpus.sources {FORMATS}"
ANSWERS = "answers verify_worker words"
IDENTIFIER = "identify letters languages yaml_file"
STAGE_2 = "adamame.grpo adamame.train adamame.reward adamame.alignment"
TRAINING = f"{RECORDS} models.training models.manifest models.processes launch"
ROWS = "models.packed models.like_lengths models.loss models.load"
PACKED = f"{COMMAND} corpus.records models.training models.manifest models.processes launch {ROWS}"
TUNED = "models.tuned models.load models.lora"
GENERATE = f"{RECORDS} evaluation.generate evaluation.decode evaluation.questions models.load models.manifest"
ENGINES = "evaluation.generate evaluation.decode evaluation.engines"
TABLES = f"{COMMAND} corpus.records tables"
MERGE = "languages yaml_file merge.encoder merge.gates merge.model models.loss"
MERGE_TABLES = f"{TABLES} evaluation.frames evaluation.statistics merge.tables"
SEEDS = "evaluation.seeds"
SLAM = f"{TABLES} slam.inputs slam.tables evaluation.statistics"
CLAIMS = f"evaluation.claims {SEEDS} slam.inputs study_claims study_schema languages yaml_file"

CLOSURES = {
    "fetch_folder": f"{COMMAND} models.manifest",
    "preflight": COMMAND,
    "make_card": f"{TABLES} card models.manifest",
    "download": f"{COMMAND} download",
    "list_downloads": COMMAND,
    "make_questions": SOURCES,
    "make_training_data": f"{SOURCES} corpus.training",
    "make_traces": f"{MINIATURE} corpus.traces corpus.source_traces {FORMATS} {ANSWERS} {IDENTIFIER}",
    "check_leaks": f"{MINIATURE} corpus.leaks",
    "rescore": f"{MINIATURE} corpus.leaks evaluation.rescore evaluation.score evaluation.statistics tables study_schema"
    f" {ANSWERS} {IDENTIFIER} codeswitch labels",
    "filter_traces": f"{MINIATURE} corpus.traces corpus.filter {ANSWERS} {IDENTIFIER}",
    "pretrain": f"{TRAINING} models.pretrain {ROWS}",
    "train_finetune": f"{PACKED} {TUNED} models.finetune",
    "train_slam": f"{PACKED} {TUNED} slam.tune slam.mlp",
    "pretrain_translator": f"{TRAINING} models.pretrain {ROWS} models.translator",
    "train_mapping": f"{PACKED} {MERGE} merge.train merge.anchor",
    "train_merge": f"{PACKED} {MERGE} merge.train merge.anchor",
    "make_merge_table": f"{MERGE_TABLES} {SEEDS}",
    "make_merge_languages": MERGE_TABLES,
    "plot_merge_gates": f"{MERGE_TABLES} figures.merge figures.style",
    "train_sft": f"{TRAINING} {TUNED} adamame.sft adamame.train",
    "train_grpo": f"{TRAINING} {TUNED} {STAGE_2} models.kept {ANSWERS} {IDENTIFIER}",
    "slam_probe": f"{COMMAND} corpus.records models.load models.manifest slam.mlp slam.probe",
    "slam_select": f"{COMMAND} corpus.records slam.select",
    "make_slam_table": f"{SLAM} evaluation.frames {SEEDS}",
    "make_slam_costs": SLAM,
    "make_slam_sweep": f"{SLAM} evaluation.frames",
    "plot_slam_probe": f"{TABLES} figures.slam figures.style slam.inputs",
    "plot_slam_sweep": f"{TABLES} figures.slam figures.style slam.inputs",
    "make_rl_prompts": f"{MINIATURE} models.load models.manifest {ENGINES} adamame.prompts answers verify_worker",
    "generate": f"{GENERATE} {ENGINES}",
    "generate_merged": f"{GENERATE} {MERGE} merge.answer identify letters words",
    "generate_translated": f"{GENERATE} evaluation.translate merge.encoder languages",
    "score": f"{COMMAND} corpus.records corpus.phrasebook evaluation.score {ANSWERS} {IDENTIFIER} codeswitch labels",
    "make_table": f"{TABLES} evaluation.frames evaluation.statistics {SEEDS}",
    "make_claims": f"{TABLES} evaluation.frames evaluation.statistics {CLAIMS}",
    "plot_pareto": f"{TABLES} evaluation.frames evaluation.statistics figures.pareto figures.style",
    "plot_languages": f"{TABLES} figures.languages figures.style",
    "make_samples": f"{TABLES} evaluation.frames evaluation.samples prompts corpus.phrasebook yaml_file",
    "make_page": f"{TABLES} page languages yaml_file",
    "take_checkpoint": f"{COMMAND} models.checkpoint models.kept models.load models.training models.manifest"
    " models.processes launch",
    "plot_trajectories": f"{TABLES} figures.trajectories figures.style",
    "plot_training": f"{TABLES} figures.training figures.style",
}


def modules(script: Path) -> set[str]:
    """The `vernacular` modules of a closure by their dotted names, without the empty __init__ files."""
    found = [path for path in closure(script) if path.is_relative_to(LIBRARY) and path.name != "__init__.py"]
    return {".".join(path.relative_to(LIBRARY).with_suffix("").parts) for path in found}


@pytest.mark.parametrize("name", SCRIPTS)
def test_closure(name: str) -> None:
    assert modules(SCRIPTS[name]) == set(CLOSURES[name].split())


def test_every_module_is_reached() -> None:
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    start = set(re.findall(r"^from (vernacular[\w.]*) import", rules, re.MULTILINE))
    reached = set().union(*(closure(path) for path in SCRIPTS.values()))
    for name in start:
        reached |= closure(LIBRARY.parent.joinpath(*name.split(".")).with_suffix(".py"))
    runnable = {path for path in LIBRARY.rglob("*.py") if '__name__ == "__main__"' in path.read_text(encoding="utf-8")}
    reached = reached.union(*(closure(path) for path in runnable))
    assert {path for path in LIBRARY.rglob("*.py") if path.name != "__init__.py"} - reached == set()


def test_every_script_belongs_to_a_rule() -> None:
    rules = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    for name in set(SCRIPTS) - {"rescore"}:  # which people run by hand, on completions of their own
        assert rules.count(f'script("{name}.py")') == rules.count(f'code("{name}.py")') == 1, name


def test_packages_are_empty_and_imports_absolute() -> None:
    """The closure follows absolute imports alone, and takes packages for empty."""
    for path in LIBRARY.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert path.name != "__init__.py" or not text.strip(), path
        for node in ast.walk(ast.parse(text)):
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
    needs = {"pretrain", "train_finetune", "train_sft", "train_grpo", "make_rl_prompts", "generate"}
    needs |= {"train_slam", "slam_probe", "pretrain_translator", "train_mapping", "train_merge"}
    needs |= {"generate_merged", "generate_translated", "preflight", "take_checkpoint"}
    for name, path in SCRIPTS.items():
        text = "".join(file.read_text(encoding="utf-8") for file in closure(path))
        assert bool(re.search(r"^\s*(import torch|from (torch|transformers|trl)\b)", text, re.MULTILINE)) == (
            name in needs
        ), name


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script that imports `vernacular.one`, which imports `vernacular.two` inside a function."""
    package = tmp_path / "vernacular"
    package.mkdir()
    (package / "__init__.py").touch()
    (tmp_path / "script.py").write_text('"""A script."""\nfrom vernacular import one\n', encoding="utf-8")
    (package / "one.py").write_text("def f():\n    from vernacular.two import g\n    return g()\n", encoding="utf-8")
    (package / "two.py").write_text("def g():\n    return 1\n", encoding="utf-8")
    (package / "three.py").write_text("x = 1\n", encoding="utf-8")
    monkeypatch.setattr("vernacular.run.code.SOURCE", tmp_path)
    return tmp_path


def fresh_hash(script: Path) -> str:
    from vernacular import code

    for function in (code.syntax, code.closure, code.code_hash):
        function.cache_clear()
    return code_hash(script)


@pytest.mark.parametrize(
    ("file", "text", "changes"),
    [
        ("vernacular/two.py", "def g():\n    return 2\n", True),  # imported inside a function of an import
        ("vernacular/two.py", 'def g():\n    """Docstring."""\n\n    return 1  # comment\n', False),
        ("vernacular/two.py", "def g( ) :\n        return (1)\n", False),
        ("vernacular/three.py", "x = 2\n", False),
        ("script.py", '"""Other words."""\n\nfrom vernacular import one  # noqa\n', False),
        ("script.py", "from vernacular import one, three\n", True),
    ],
)
def test_code_hash(library: Path, file: str, text: str, changes: bool) -> None:
    script = library / "script.py"
    before = fresh_hash(script)
    (library / file).write_text(text, encoding="utf-8")
    assert (fresh_hash(script) != before) == changes
    fresh_hash(SCRIPTS["score"])


def test_code_hash_does_not_depend_on_the_place(tmp_path: Path, library: Path) -> None:
    before = fresh_hash(library / "script.py")
    moved = tmp_path / "elsewhere" / "script.py"
    moved.parent.mkdir()
    (library / "script.py").rename(moved)
    assert fresh_hash(moved) == before


def test_no_two_files_of_rules_define_the_same_name() -> None:
    """They share one namespace: the later definition would silently take the place of the earlier one."""
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk")]
    names = Counter(name for text in texts for name in re.findall(r"^def (\w+)", text, re.MULTILINE))
    assert names and not [name for name, count in names.items() if count > 1]
