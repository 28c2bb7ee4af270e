"""Configuration files laid over each other, from left to right, and models that are `like` another.

A mapping is laid over a mapping key by key; anything else replaces what is below. One thing differs from a plain merge:
a model that gets another `recipe` loses the keys of the old one.
"""

import re
from pathlib import Path
from typing import Any

from vernacular.storage.messages import nearest
from vernacular.storage.yaml_file import YamlError, read_yaml
from vernacular.study.schema import StudyError, check_size

# A file with these sections is a whole study rather than a change of one.
WHOLE = {"benchmarks", "models"}
# What an overlay may change in a study without a name of its own: nothing of it is in a result.
FREE = {"resources", "limits", "track"}

Layer = tuple[str, dict[str, Any]]


def read_layer(path: str | Path, name: str) -> Layer:
    """The name and the data of a configuration file.

    Raises YamlError or StudyError (one line with file and, where there is one, line) for a file that is missing, empty,
    not YAML, or no mapping.
    """
    file = Path(path)
    if not file.exists():
        there = sorted(other.name for other in file.parent.glob("[!.]*.yaml"))
        hint = nearest(file.name, there) if there else f"relative paths start at {Path.cwd()}"
        raise StudyError(f"{name}: there is no such file; {hint}")
    try:
        data = read_yaml(file, name)
    except OSError as error:
        raise StudyError(f"{name}: cannot be read: {error.strerror}") from None
    except YamlError:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, 1):
            if re.match(r" *\t", line):
                raise StudyError(f"{name}: line {number}: is indented with a tab; YAML allows only spaces") from None
        raise
    if data is None:
        raise StudyError(f"{name}: is empty; a study begins with a line such as study: mine (config/README.md)")
    if not isinstance(data, dict):
        raise StudyError(f"{name}: line 1: not a mapping of keys, so not a study; config/README.md names them")
    return name, data


def lay(layers: list[Layer], shipped: Path) -> dict[str, Any]:
    """What the layers give together. shipped: the folder of the studies that come with Vernacular.

    Raises StudyError for files in the wrong order.
    """
    for name, data in layers:
        try:
            check_size(data)
        except StudyError as error:
            raise StudyError(f"{name}: {error}") from None
    check_order(layers, shipped)
    whole: dict[str, Any] = {}
    for _, data in layers:
        whole = over(whole, data)
    return whole


def over(below: dict[str, Any], above: dict[str, Any], place: tuple[str, ...] = ()) -> dict[str, Any]:
    """Two mappings, the second laid over the first."""
    other = "like" in above or above.get("recipe", below.get("recipe")) != below.get("recipe")
    if other and len(place) == 2 and place[0] == "models":
        return above
    found = dict(below)
    for key, value in above.items():
        old = below.get(key)
        inner = (*place, str(key))
        found[key] = over(old, value, inner) if isinstance(old, dict) and isinstance(value, dict) else value
    return found


def check_order(layers: list[Layer], shipped: Path) -> None:
    for (below, first), (above, second) in zip(layers, layers[1:], strict=False):
        if above == "--config":
            continue
        ours = Path(above).resolve().is_relative_to(shipped) and not Path(below).resolve().is_relative_to(shipped)
        if second.keys() >= WHOLE and (ours or not first.keys() >= WHOLE):
            raise StudyError(
                f"{above}: is a whole study and would undo {below}, over which it is laid; what changes a study comes "
                f"after it: --configfile {above} {below}"
            )


def check_named(layers: list[Layer]) -> None:
    """Raises StudyError for a file that changes a study without naming its own: its results would replace that one's.

    It is not named after its file: then another file name would be another study, and all would run again.
    """
    for above, second in layers[1:]:
        if above != "--config" and "study" not in second and not changes_nothing(second):
            old = next((data["study"] for _, data in reversed(layers) if "study" in data), None)
            raise StudyError(
                f"{above}: the key 'study' is missing, so its results would replace those in results/{old}; give it a "
                f"name of its own (study: {named_after(above)}), or study: {old} if they should"
            )


def changes_nothing(data: Any) -> bool:
    """Whether a layer changes nothing but what jobs ask a cluster for, as `make plan` prints it."""
    return isinstance(data, dict) and all(key in FREE or changes_nothing(value) for key, value in data.items())


def named_after(file: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", Path(file).stem.lower()).strip("-") or "mine"


def expand_likes(models: dict[str, Any]) -> None:
    """Give each model that is `like` another all keys of that one, under its own.

    Raises StudyError for an unknown model, a cycle, and a recipe that is not the other's.
    """

    def expanded(name: str, way: tuple[str, ...]) -> Any:
        options, place = models[name], f"models.{name}.like"
        if not isinstance(options, dict) or "like" not in options:
            return options
        other = options["like"]
        if other in way:
            raise StudyError(f"{place}: a cycle: {' -> '.join([*way, other])}")
        if not isinstance(other, str) or other not in models:
            raise StudyError(f"{place}: unknown model '{other}'; {nearest(str(other), models)}")
        base = expanded(other, (*way, other))
        if not isinstance(base, dict):
            return options
        if "recipe" in options and options["recipe"] != base.get("recipe"):
            raise StudyError(
                f"models.{name}.recipe: '{other}', which it is like, has another; leave one of the two out"
            )
        return over(base, {key: value for key, value in options.items() if key != "like"})

    models.update({name: expanded(name, (name,)) for name in list(models)})
