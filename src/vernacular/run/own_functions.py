"""Where a study's own schedules and rewards are, the local files that they import, and a hash of their code.

Read by ast, never run: a job of its own tries them. Comments and docstrings do not count, as in run/code.py.
"""

import ast
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vernacular.run.code import dumped
from vernacular.storage.messages import nearest
from vernacular.study.compile import Study
from vernacular.study.functions import named_functions
from vernacular.study.schema import StudyError


@dataclass(frozen=True)
class OwnFunctions:
    """Of one model. files: those that are copied, relative to `folder`; code: a hash of them."""

    folder: Path
    files: list[str]
    code: str


def own_functions(study: Study, configs: Iterable[Path]) -> dict[str, OwnFunctions]:
    """Model -> its functions, for the models that have any. configs: the study's configuration files.

    A file is looked for next to the configuration; of several, next to the last one that has it. Raises StudyError for
    one that is missing, cannot be parsed, or has no such function.
    """
    folders = [path.resolve().parent for path in [*configs][::-1]] or [Path.cwd()]
    found = {}
    for name, model in study.models.items():
        named = named_functions(model.options)
        if not named:
            continue
        paths = {place: find(function, folders, f"models.{name}.{place}") for place, function in named.items()}
        homes = list(dict.fromkeys(path.parent for path in paths.values()))
        if len(homes) > 1:
            raise StudyError(f"models.{name}: its functions are in {homes[0]} and {homes[1]}; put them into one folder")
        files = sorted(local_closure(homes[0], paths.values()))
        found[name] = OwnFunctions(homes[0], files, hash_of(homes[0], files))
    return found


def shown_folder(folder: Path) -> Path:
    """Relative where it is below the working directory."""
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def find(function: str, folders: list[Path], place: str) -> Path:
    """The file of `file.py:function`, which defines it."""
    file, _, name = function.partition(":")
    path = next((folder / file for folder in folders if (folder / file).is_file()), None)
    if path is None:
        where = " or ".join(str(folder) for folder in dict.fromkeys(folders))
        raise StudyError(f"{place}: no file '{file}' in {where}; write its path relative to the configuration")
    tree = parsed(path)
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    others = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    others |= {alias.asname or alias.name for alias in aliases(tree)}
    if name not in names | others and "*" not in others:
        raise StudyError(f"{place}: '{file}' has no function '{name}'; {nearest(name, sorted(names))}")
    path = Path(os.path.normpath(path))
    if path.stem in sys.stdlib_module_names or (spec := find_spec(path.stem)) and spec.origin != str(path):
        raise StudyError(f"{place}: '{file}' has the name of a Python package; rename it")
    return path


def parsed(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise StudyError(f"{path}{line}: not Python ({getattr(error, 'msg', error)})") from None


def aliases(tree: ast.Module) -> Iterator[ast.alias]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from node.names


def local_closure(folder: Path, starts: Iterable[Path]) -> set[str]:
    """The files, relative to `folder`, that some files there import from it, directly or not; and these."""
    found: set[str] = set()
    waiting = [*starts]
    while waiting:
        path = waiting.pop()
        if (name := path.relative_to(folder).as_posix()) not in found:
            found.add(name)
            waiting += [file for module in imported(parsed(path), path, folder) for file in files_of(folder, module)]
    return found


def imported(tree: Any, path: Path, folder: Path) -> Iterator[str]:
    """The dotted names that a file may import; of `from x import y` x and x.y."""
    package = path.relative_to(folder).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) + 1 - node.level] if node.level else ()
            base = ".".join([*start, *filter(None, [node.module])])
            yield base
            yield from (".".join(filter(None, [base, alias.name])) for alias in node.names)


def files_of(folder: Path, module: str) -> list[Path]:
    """The files that importing a dotted name runs, as far as they are in `folder`."""
    parts = module.split(".")
    paths = [folder.joinpath(*parts[: i + 1]) for i in range(len(parts))] if module else []
    return [file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]


def hash_of(folder: Path, files: list[str]) -> str:
    total = hashlib.sha256()
    for name in files:
        total.update(name.encode())
        total.update(dumped(parsed(folder / name), set()).encode())
    return total.hexdigest()[:16]
