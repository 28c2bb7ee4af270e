"""The hash of a script and of the `vernacular` modules it imports: what tells Snakemake that a rule's code changed.

Docstrings, comments and layout are left out, so that better prose reruns nothing; Snakemake's own code trigger would
rerun days of training over a space in a shell block, and misses imported modules.
"""

import ast
import hashlib
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from vernacular.storage.resources import workflow_root

SOURCE = Path(__file__).parents[2]
# Modules that cannot change a byte of a declared output, and why; their code is not part of any hash.
LEFT_OUT = {
    "models/tracking.py": "which tracker shows a training, and where that writes; no weight depends on it",
    "storage/command.py": "decides about the exit status and one line on standard error",
    "storage/messages.py": "words of errors and logs; what writes tables is in storage/sanitise.py",
}
DATA = {  # what a module reads from vernacular/resources and is a part of its code
    "answers/answer_words.py": ["answer_words.yaml"],
    "answers/number_words.py": ["number_words.yaml"],
    "language/words.py": ["common_words.yaml", "other_words.yaml"],
}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def syntax(path: Path) -> tuple[str, frozenset[str]]:
    """The dumped syntax of a file without docstrings, and the `vernacular` modules it imports, wherever it does."""
    imports: set[str] = set()
    text = dumped(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)), imports)
    return text, frozenset(imports)


def dumped(node: Any, imports: set[str]) -> str:
    """A node, without its docstrings, as `ast.dump` writes it; adds the modules that are imported in it.

    One pass for both, since a dry run reads over a hundred files.
    """
    kind: Any = type(node)
    if kind is list:
        return f"[{', '.join([dumped(part, imports) for part in node])}]"
    if kind is str or not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.Import | ast.ImportFrom):
        imports.update(imported(node))
    elif isinstance(node, DOCUMENTED):
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            node.body = node.body[1:]
    parts = []
    for name, optional in fields(kind):
        value = getattr(node, name)
        if value is not None or not optional:
            parts.append(f"{name}={dumped(value, imports)}")
    return f"{kind.__name__}({', '.join(parts)})"


@cache
def fields(kind: Any) -> list[tuple[str, bool]]:
    """The fields of a kind of node, and whether each is left out where it is None."""
    return [(name, getattr(kind, name, ...) is None) for name in kind._fields]


def imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    """The `vernacular` modules that a statement may import: `from x import y` names x and, it may be, x.y."""
    names = [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        names = [module, *(f"{module}.{name}" for name in names)]
    return [name for name in names if name.split(".")[0] == "vernacular"]


def module_path(name: str) -> Path | None:
    path = SOURCE.joinpath(*name.split("."))
    file = path.with_suffix(".py")
    return file if file.exists() else path / "__init__.py" if (path / "__init__.py").exists() else None


@cache
def closure(script: Path) -> frozenset[Path]:
    """The script and every `vernacular` module that it needs, directly or not, without those of LEFT_OUT."""
    left_out = {SOURCE / "vernacular" / name for name in LEFT_OUT}
    found: set[Path] = set()
    waiting = [script.resolve()]
    while waiting:
        path = waiting.pop()
        if path not in found and path not in left_out:
            found.add(path)
            waiting += [file for name in syntax(path)[1] if (file := module_path(name)) is not None]
    return frozenset(found)


@cache
def code_hash(script: Path) -> str:
    """16 hexadecimal digits over the syntax of the closure of `script`."""
    total = hashlib.sha256()
    for path in sorted(closure(script), key=lambda path: path.name + str(path)):
        total.update(path.name.encode())
        total.update(syntax(path)[0].encode())
        for data in DATA.get("/".join(path.parts[-2:]), []):
            total.update((SOURCE / "vernacular" / "resources" / data).read_bytes())
    return total.hexdigest()[:16]


def code_of(names: Iterable[str]) -> str:
    """16 hexadecimal digits over the code of several scripts, workflow/scripts/<name>.py."""
    scripts = workflow_root() / "workflow" / "scripts"
    hashes = [f"{name} {code_hash(scripts / f'{name}.py')}" for name in names]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()[:16]


def job(name: str) -> dict[str, Callable[..., str]]:
    """Two parameters of every rule: the path of its script, workflow/scripts/<name>.py, and `code`, the script's hash.

    Both are functions. Snakemake leaves what depends on `threads` out of the trigger `params`, so a moved repository
    retrains nothing; and a dry run parses the code of its own jobs alone.
    """
    path = workflow_root() / "workflow" / "scripts" / f"{name}.py"

    def script(wildcards: Any, threads: Any) -> str:
        return str(path)

    def code(wildcards: Any) -> str:
        return code_hash(path)

    return {"script": script, "code": code}
