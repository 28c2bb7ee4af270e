"""What may not get in or out: no code from data or from a hub, exact versions, every file written by one helper."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import yaml
from packaging.requirements import Requirement

from vernacular.storage.yaml_file import LOADER

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    [*(ROOT / "src").rglob("*.py"), *(ROOT / "workflow").rglob("*.py"), *(ROOT / "benchmarks").glob("*.py")]
)
RULES = [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))]
UNPICKLING = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
LOAD = "from_pretrained"
RUNNING = {"eval", "exec", "compile", "__import__"}


def calls(path: Path) -> Iterator[tuple[str, str, ast.Call]]:
    """(the name called, what it is called on, the call): ("load", "yaml", ...) for yaml.load(...)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id, "", node
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr, ast.unparse(node.func.value), node


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg == name), None)


def is_false(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_nothing_is_unpickled_evaluated_or_given_to_a_shell() -> None:
    assert len(SOURCES) > 80
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & UNPICKLING, path
        for name, of, call in calls(path):
            said = f"{path}:{call.lineno}: {ast.unparse(call)[:80]}"
            assert not (name in RUNNING and of in ("", "builtins")), said
            assert (of, name) not in {
                ("os", "system"),
                ("os", "popen"),
                ("torch", "load"),
                ("subprocess", "getoutput"),
            }, said
            assert keyword(call, "shell") is None or is_false(keyword(call, "shell")), said
            assert not (of == "np" and name == "load") and keyword(call, "allow_pickle") is None, said
            assert of != "yaml" or name == "safe_dump", said  # YAML is read by read_yaml alone
    assert issubclass(LOADER, yaml.SafeLoader) or LOADER is yaml.CSafeLoader


def test_no_code_of_a_hub_is_run() -> None:
    """Everything that could run a model's own code says that it must not."""
    seen = 0
    for path in SOURCES:
        for name, of, call in calls(path):
            trust = keyword(call, "trust_remote_code")
            assert trust is None or is_false(trust), f"{path}:{call.lineno}"
            if name == LOAD and of.rpartition(".")[2].lower().startswith("auto"):
                assert is_false(trust), f"{path}:{call.lineno}: says nothing"
                seen += 1
    assert seen >= 5


def test_weights_are_loaded_in_one_place() -> None:
    """So that no job goes round its checks; adapters, and a merge's parents, come after them. What a GGUF file holds is
    written as a folder, and loaded from that."""
    others = ("AutoConfig", "AutoTokenizer", "GenerationConfig", "MergedModel", "PeftModel")
    found = [(path.name, of.rpartition(".")[2]) for path in SOURCES for name, of, _ in calls(path) if name == LOAD]
    assert {name for name, of in found if of not in others} == {"folders.py", "gguf_files.py"}


def test_the_rules_give_no_unquoted_value_to_a_shell() -> None:
    """Names that the schema lets through are letters, digits and a few signs; all else is quoted (`:q`)."""
    plain = {"wildcards.benchmark", "wildcards.split", "wildcards.seed", "wildcards.table", "wildcards.node"}
    for path in RULES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\b(eval|exec|pickle|trust_remote_code)\b", text), path
        for shell in re.findall(r"shell:\n((?: +\".*\"\n)+)", text):
            for field in re.findall(r"\{([^{}]+)\}", shell):
                name, _, quoted = field.partition(":")
                numbers = {f"params.{name}" for name in ("threads", "code", "seed", "gpus", "batch_tokens", "wanted")}
                assert quoted == "q" or name in plain or name in {*numbers, "threads"}, f"{path}: {field}"


# --- Versions ---------------------------------------------------------------------------------------------------------


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_is_exact_and_holds_what_the_project_asks_for() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    locked = {}
    for line in lines:
        if line and not line.startswith("#"):
            match = re.fullmatch(r"([A-Za-z0-9._-]+)==([0-9][A-Za-z0-9.!+]*)", line)
            assert match, f"not exact: {line}"
            assert normal(match[1]) not in locked, f"twice: {line}"
            locked[normal(match[1])] = match[2]
    assert len(locked) > 60
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [
        *project["dependencies"],
        *(line for name in ("plot", "train", "workflow", "test") for line in extras[name]),
    ]
    for need in map(Requirement, wanted):
        if need.name != "vernacular":
            assert normal(need.name) in locked, f"not locked: {need}"
            assert need.specifier.contains(locked[normal(need.name)]), f"the lock's version is outside: {need}"
    for need in map(Requirement, [*wanted, *extras["gpu"], *extras["hub"]]):
        assert not [one for one in need.specifier if one.operator == "=="], f"a range, for those with a trainer: {need}"
    assert "make lock" in lines[0]


# --- One way to write -------------------------------------------------------------------------------------------------

# Who may write a file with another call than files.py's: into a folder that is put in place as a whole afterwards.
INSIDE = {
    ("merge/model.py", "save_file"): "inside save_model's atomic folder",
    ("report/style.py", "savefig"): "to the paths of several atomic_path at once",
    ("models/job.py", "open"): "the lock",
    ("models/loop.py", "open"): "a descriptor that is open already",
    ("corpus/urls.py", "open"): "a file that is fetched, put in place when whole",
    ("corpus/download.py", "open"): "a descriptor that is open already",
    ("planning/stand_ins.py", "save_pretrained"): "a temporary folder",
    ("models/gguf_files.py", "save_pretrained"): "inside fetch_folder's atomic folder",
    ("storage/partial.py", "open"): "the rows of a killed job, read up to the last whole one",
    ("adamame/reward.py", "write_text"): "inside a checkpoint, which counts once its marker is written",
}
WRITING = {"write_text", "write_bytes", "savefig", "save_file", "save_pretrained", "to_parquet", "write_table"}
MODES = re.compile(r"['\"][rwaxbt+]*[wax+][rwaxbt+]*['\"]")


def test_every_file_is_written_by_the_one_helper() -> None:
    """A call that writes stands below `with atomic_path` or `atomic_folder`, or in INSIDE."""
    found = set()
    library = ROOT / "src/vernacular"
    for path in [*sorted(library.rglob("*.py")), *sorted((ROOT / "workflow").rglob("*.py"))]:
        if path == library / "storage/files.py":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        covered = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.With)
            and re.search(r"atomic_(path|folder)", ast.unparse(node.items[0].context_expr))
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or node in covered:
                continue
            own = isinstance(node.func, ast.Name) and node.func.id == "write_text"  # files.py's
            name = "" if own else ast.unparse(node.func).split(".")[-1]
            text = ast.unparse(node)
            opens = name == "open" and MODES.search(text)
            to_file = name == "to_csv" and bool(node.args)
            if name in WRITING or opens or to_file:
                place = path.relative_to(library).as_posix() if path.is_relative_to(library) else path.name
                found.add((place, "open" if opens else name))
    assert found <= set(INSIDE), found - set(INSIDE)
    assert found == set(INSIDE), f"no longer there: {set(INSIDE) - found}"


def test_texts_reach_tables_one_way() -> None:
    """What a spreadsheet would run and a terminal obey is taken out in one place for CSV, in one for printed tables."""
    ways = {"to_csv": "storage/tables.py", "to_string": "storage/tables.py", "DictWriter": "storage/sanitise.py"}
    sources = [path for path in SOURCES if "benchmarks" not in path.parts]
    found = {(name, str(path)) for path in sources for name, _, _ in calls(path) if name in [*ways, "writer"]}
    assert {name for name, _ in found} == {"to_csv", "to_string", "DictWriter"}
    assert all(path.endswith(ways[name]) for name, path in found), found


def test_modules_that_are_run_are_none_of_the_working_directory() -> None:
    """`python -m` looks there first; -P keeps it from that."""
    started = 0
    for path in [*SOURCES, ROOT / "Makefile"]:
        text = path.read_text(encoding="utf-8")
        modules = re.findall(r'"-m"' if path.suffix == ".py" else r" -m (?=\w+ |\w+\.\w+)(?!slow|soak)", text)
        safe = re.findall(r'"-P", "-m"' if path.suffix == ".py" else r" -P -m ", text)
        assert len(modules) == len(safe), path
        started += len(safe)
    assert started >= 6
