"""YAML as the project reads it: data, never objects, and no repeated keys, of which PyYAML silently keeps the last."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from vernacular.storage.messages import one_line

# PyYAML's C version, where there is one, is ten times as fast. Some 30,000 levels of nesting crash it, though, so a
# file that may have as many, judging by what opens a level, is read in Python, which raises an error instead.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
OPENING = re.compile(r"[\[{]|[-?:]\s")
DEEP = 5_000
MERGE = "tag:yaml.org,2002:merge"  # `<<`: keys next to it may override those that it brings in


class YamlError(ValueError):
    """A file that cannot be used; the message is one line."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


def read_yaml(path: str | Path, name: str = "") -> Any:
    """The data of a file. name: what errors call it, else its path.

    Raises YamlError (file, line, what is wrong, what to do) if it is not valid YAML or repeats a key in a
    mapping, and OSError if it cannot be read.
    """
    name = name or str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
        loader = (LOADER if len(OPENING.findall(text)) < DEEP else yaml.SafeLoader)(text)
        try:
            node = loader.get_single_node()
            twice = min(repeated_keys(loader, node), default=None)
            data = loader.construct_document(node) if node is not None and twice is None else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: no UTF-8, or a 32nd of January
        mark = getattr(error, "problem_mark", None)
        what = f"line {mark.line + 1}: {getattr(error, 'problem', error)}" if mark else str(error)
        raise YamlError(f"{name}: not valid YAML: {what}") from None
    if twice:
        line, first, place = twice
        raise YamlError(
            f"{name}: line {line}: the key '{place}' is repeated (first in line {first}), and only the last "
            "value would count; rename or remove one"
        )
    return data


def repeated_keys(loader: Any, root: yaml.Node | None) -> Iterator[tuple[int, int, str]]:
    """(line, line of the first, dotted place) of every key that its mapping has already; each node once, where it is
    written out, whatever the aliases."""
    waiting, seen = [("", root)], set()
    while waiting:
        place, node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        inside = []
        if isinstance(node, yaml.SequenceNode):
            inside = [(f"{place}{number}.", item) for number, item in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            lines: dict[Any, int] = {}
            for key, value in node.value:
                if key.tag == MERGE or not isinstance(key, yaml.ScalarNode):
                    inside.append((place, value))
                    continue
                word, line = loader.construct_object(key), key.start_mark.line + 1
                if word in lines:
                    yield line, lines[word], f"{place}{key.value}"
                lines.setdefault(word, line)
                inside.append((f"{place}{key.value}.", value))
        waiting += reversed(inside)
