"""The options that a trainer knows and the values they take, read from its installed library without importing it.

A mistyped option would otherwise end a training hours after the dry run; importing torch here would make every dry run
ten times slower.
"""

import ast
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from vernacular.storage.messages import nearest
from vernacular.study.recipes import RECIPES

LORA = (
    ("peft/config.py", "PeftConfigMixin"),
    ("peft/config.py", "PeftConfig"),
    ("peft/tuners/lora/config.py", "LoraConfig"),
)
ENUMS = ("transformers/training_args.py", "transformers/trainer_utils.py")  # where the classes of choices are
# Of options that are plain text in their library, what its code compares them with; by recipe.
CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "sft": {"loss_type": ("nll", "dft")},
    "grpo": {
        "loss_type": ("grpo", "bnpo", "dr_grpo", "dapo", "cispo", "luspo", "sapo", "vespo"),
        "importance_sampling_level": ("token", "sequence"),
        "multi_objective_aggregation": ("sum_then_normalize", "normalize_then_sum"),
        "vllm_mode": ("server", "colocate"),
        "vllm_importance_sampling_mode": ("token_truncate", "token_mask", "sequence_truncate", "sequence_mask"),
    },
}
# (least, most, whether both may be reached) of numbers that the libraries refuse beyond that, or with which no step
# could be made; None for no bound.
RANGES: dict[str, tuple[float | None, float | None, bool]] = {
    "learning_rate": (0, None, True),
    "weight_decay": (0, None, True),
    "adam_beta1": (0, 1, False),
    "adam_beta2": (0, 1, False),
    "adam_epsilon": (0, None, True),
    "warmup_steps": (0, None, True),
    "label_smoothing_factor": (0, 1, True),
    "per_device_train_batch_size": (1, None, True),
    "gradient_accumulation_steps": (1, None, True),
    "num_train_epochs": (0, None, False),
    "max_steps": (-1, None, True),
    "logging_steps": (0, None, False),
    "save_steps": (0, None, False),
    "num_generations": (2, None, True),
    "num_iterations": (1, None, True),
    "steps_per_generation": (1, None, True),
    "generation_batch_size": (1, None, True),
    "max_completion_length": (1, None, True),
    "temperature": (0, None, False),
    "top_p": (0, 1, True),
    "min_p": (0, 1, True),
    "r": (1, None, True),
    "lora_dropout": (0, 1, True),
}
WORDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "list": "a list",
    "dict": "a mapping",
    "None": "null",
}
CLASSES: dict[str, Any] = {"str": str, "list": list, "tuple": list, "dict": dict, "bool": bool, "None": type(None)}


@cache
def text_of(path: str) -> str:
    """The text of a library's file; empty where the library is not installed."""
    package, _, rest = path.partition("/")
    spec = find_spec(package)  # finds a top-level package without running it
    if spec is None or not spec.submodule_search_locations:
        return ""
    file = Path(spec.submodule_search_locations[0], rest)
    return file.read_text(encoding="utf-8") if file.exists() else ""


@cache
def fields(path: str, name: str) -> dict[str, str]:
    """The annotated fields of a class in a library's file, with their annotations."""
    body = re.search(rf"^class {name}\b.*?(?=^[@\w]|\Z)", text_of(path), re.MULTILINE | re.DOTALL)
    found = re.findall(r"^    (\w+) *: (\([^)]*\)|\S[^=\n]*?) *(?:=|$)", body[0], re.MULTILINE) if body else []
    return dict(found)


def taken_options(kind: str) -> frozenset[str]:
    """The options that the workflow sets itself. kind: a recipe, or `lora`."""
    return frozenset({"task_type"}) if kind == "lora" else RECIPES[kind].taken


def annotations(kind: str) -> dict[str, str]:
    """Option -> its annotation; empty where that cannot be told, so that nothing is refused."""
    found = [fields(*place) for place in (LORA if kind == "lora" else RECIPES[kind].trainer)]
    return {key: text for each in found for key, text in each.items()} if all(found) else {}


def known_options(kind: str) -> set[str]:
    """What a recipe's `training` (or `lora`) may set; empty where that cannot be told."""
    return set(annotations(kind)) - taken_options(kind)


def wrong_value(kind: str, key: str, value: Any) -> str:
    """What is wrong with the value of an option, and what it may be; empty where nothing is."""
    tree = parsed(annotations(kind).get(key, "Any"))
    if not accepts(tree, value):
        wanted = dict.fromkeys(word for name in names(tree) if (word := WORDS.get(name)) and name != "None")
        if choices := literals(tree):
            return f"{value!r} is not a valid choice; {nearest(str(value), choices)}"
        return f"expected {' or '.join(wanted)}, got {value!r}"
    if isinstance(value, str):
        choices = list(CHOICES.get(kind, {}).get(key, ())) or [c for name in names(tree) for c in enum_values(name)]
        if choices and value not in choices:
            return f"{value!r} is not a valid choice; {nearest(value, choices)}"
    elif key in RANGES and isinstance(value, int | float):
        least, most, reached = RANGES[key]
        if value != value or least is not None and (value < least or value == least and not reached and not most):
            return f"{value} is too small; it must be {'at least' if reached else 'more than'} {least}"
        if most is not None and (value > most or value == most and not reached):
            return f"{value} is too large; it must be {'at most' if reached else 'less than'} {most}"
    return ""


def is_optional(kind: str, key: str) -> bool:
    """Whether null is a value of an option, rather than a way to leave it to the library."""
    return accepts(parsed(annotations(kind).get(key, "Any")), None)


@cache
def parsed(annotation: str) -> ast.expr:
    try:
        return ast.parse(annotation, mode="eval").body
    except SyntaxError:
        return ast.Name("Any")


def accepts(tree: ast.expr, value: Any) -> bool:
    """Whether a value that YAML can write has the type of an annotation; true for types that are not understood."""
    match tree:
        case ast.BinOp(left=left, right=right):
            return accepts(left, value) or accepts(right, value)
        case ast.Subscript(value=ast.Name(id="Optional"), slice=inner):
            return value is None or accepts(inner, value)
        case ast.Subscript(value=ast.Name(id="Union"), slice=ast.Tuple(elts=parts)):
            return any(accepts(part, value) for part in parts)
        case ast.Subscript(value=ast.Name(id="Literal")):
            return value in literals(tree) or value is False and "False" in ast.unparse(tree)
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return isinstance(value, list) and all(accepts(inner, each) for each in value)
        case ast.Subscript(value=ast.Name(id=name)):
            return isinstance(value, CLASSES.get(name, object))
        case ast.Constant(value=None):
            return value is None
        case ast.Name(id="int" | "float" as name):
            return type(value) in ((int,) if name == "int" else (int, float))  # not bool, which is an int too
        case ast.Name(id=name):
            return isinstance(value, CLASSES.get(name, str if enum_values(name) else object))
    return True


def names(tree: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def literals(tree: ast.expr) -> list[str]:
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@cache
def enum_values(name: str) -> tuple[str, ...]:
    """The values of a class of choices, such as OptimizerNames; none for any other name."""
    for path in ENUMS:
        if body := re.search(
            rf"^class {name}\(ExplicitEnum\):.*?(?=^[@\w]|\Z)", text_of(path), re.MULTILINE | re.DOTALL
        ):
            return tuple(re.findall(r'^    [A-Z]\w* = "([^"]+)"', body[0], re.MULTILINE))
    return ()
