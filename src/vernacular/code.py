"""The hash of a script and of the `vernacular` modules it imports: what tells Snakemake that a rule's code changed.

Docstrings, comments and layout are left out, so that better prose reruns nothing; Snakemake's own code trigger would
rerun days of training over a space in a shell block, and misses imported modules.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[1]


@cache
def syntax(path: Path) -> tuple[str, frozenset[str]]:
    """The dumped syntax of a file without docstrings, and the `vernacular` modules it imports, wherever it does."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    imports: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "vernacular":
            imports.add(node.module or "")
            imports.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            imports.update(alias.name for alias in node.names if alias.name.split(".")[0] == "vernacular")
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return ast.dump(tree), frozenset(imports)


def module_path(name: str) -> Path | None:
    path = SOURCE.joinpath(*name.split("."))
    file = path.with_suffix(".py")
    return file if file.exists() else path / "__init__.py" if (path / "__init__.py").exists() else None


@cache
def closure(script: Path) -> frozenset[Path]:
    """The script and every `vernacular` module that it needs, directly or not."""
    found: set[Path] = set()
    waiting = [script.resolve()]
    while waiting:
        path = waiting.pop()
        if path not in found:
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
    return total.hexdigest()[:16]
