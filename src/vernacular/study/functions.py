"""Functions of a study's own: which schedule, match and rewards of a recipe are some."""

from typing import Any

from vernacular.adamame.options import FunctionsOptions
from vernacular.study.compile import Study


def named_functions(recipe: dict[str, Any]) -> dict[str, str]:
    """Place in the recipe -> `file.py:function`."""
    found = {f"rewards.{number}.function": one["function"] for number, one in enumerate(recipe.get("rewards", []))}
    alignment = {f"alignment.{key}": recipe.get("alignment", {}).get(key, "") for key in ("schedule", "match")}
    return {place: name for place, name in alignment.items() if ".py:" in name} | found


def functions_folder(study: Study, model: str) -> list[str]:
    """Where the functions that a model trains with are copied to; none where it has none of its own."""
    return [study.paths.functions(model)] * bool(named_functions(study.models[model].options))


def functions_options(study: Study, model: str, code: str) -> FunctionsOptions:
    """code: the hash of the files that hold them."""
    recipe = study.models[model].options
    named, steps = named_functions(recipe), recipe["training"].get("max_steps", 0)
    steps = steps if isinstance(steps, int) and steps > 0 else 1000  # epochs: nobody knows yet how many steps they are
    schedule, match = (named.pop(f"alignment.{key}", None) for key in ("schedule", "match"))
    return FunctionsOptions(schedule, match, [*named.values()], steps, code)
