"""The options that a trainer knows, read from the source of its installed library without importing it.

A mistyped option would otherwise end a training hours after the dry run; importing torch here would make every dry run
ten times slower.
"""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from vernacular.study.recipes import RECIPES

LORA = (
    ("peft/config.py", "PeftConfigMixin"),
    ("peft/config.py", "PeftConfig"),
    ("peft/tuners/lora/config.py", "LoraConfig"),
)


@cache
def fields(path: str, name: str) -> frozenset[str]:
    """The annotated fields of a class in a library's file; none where the library is not installed."""
    package, _, rest = path.partition("/")
    spec = find_spec(package)  # finds a top-level package without running it
    if spec is None or not spec.submodule_search_locations:
        return frozenset()
    file = Path(spec.submodule_search_locations[0], rest)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    body = re.search(rf"^class {name}\b.*?(?=^[@\w]|\Z)", text, re.MULTILINE | re.DOTALL)
    return frozenset(re.findall(r"^    (\w+) *: \S", body[0], re.MULTILINE)) if body else frozenset()


def taken_options(kind: str) -> frozenset[str]:
    """The options that the workflow sets itself. kind: a recipe, or `lora`."""
    return frozenset({"task_type"}) if kind == "lora" else RECIPES[kind].taken


def known_options(kind: str) -> set[str]:
    """What a recipe's `training` (or `lora`) may set; empty where that cannot be told, so that nothing is refused."""
    found = [fields(*place) for place in (LORA if kind == "lora" else RECIPES[kind].trainer)]
    return set().union(*found) - taken_options(kind) if all(found) else set()
