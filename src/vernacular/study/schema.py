"""The schema of a study's configuration: validation, defaults, and one-line errors that name key and nearest choice."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from vernacular.storage.messages import nearest, one_line
from vernacular.storage.resources import workflow_root
from vernacular.storage.yaml_file import read_yaml

SCHEMA = workflow_root() / "workflow" / "schemas" / "config.schema.yaml"
LARGEST = 100_000  # values of a configuration; a few YAML aliases can make billions
AFTER = "--configfile config/config.yaml mine.yaml"
TYPES = {  # of JSON Schema, as a reader of YAML knows them
    **{"array": "a list", "object": "a mapping", "string": "a text", "integer": "a whole number"},
    **{"number": "a number", "boolean": "true or false", "null": "null"},
}
# Keys of earlier versions -> what they are called now.
RENAMED = {"most": "limits", "of": "translated", "share": "hash_range", "batch_size": "batch_tokens"}
RENAMED_UNITS = {"batch_size": ", and counts tokens, not sequences; leave it out for what fits the memory"}


class StudyError(ValueError):
    """A configuration that cannot be run; the message is one line, whatever the names in it hold."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


@contextmanager
def in_file(file: str) -> Iterator[None]:
    """Errors inside begin with the name of the configuration."""
    try:
        yield
    except StudyError as error:
        raise StudyError(f"{file}: {error}") from None


@cache
def load_schema() -> dict[str, Any]:
    return read_yaml(SCHEMA)


def resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema with its `$ref` followed; keys next to the reference win."""
    if "$ref" not in part:
        return part
    return {
        **schema["$defs"][part["$ref"].rsplit("/", 1)[1]],
        **{key: value for key, value in part.items() if key != "$ref"},
    }


def has_pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """JSON Schema's `pattern`, whose `$` is the end of the text; Python's also matches before a final line feed."""
    if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
        yield ValidationError(f"{instance!r} does not have the form {pattern}")


Validator = extend(Draft202012Validator, {"pattern": has_pattern})


def check_size(data: Any) -> None:
    """Raises StudyError for data of more than LARGEST values with aliases written out, or that contains itself."""
    left, waiting = LARGEST, [data]
    while waiting:
        part = waiting.pop()
        parts = list(part.values()) if isinstance(part, dict) else part if isinstance(part, list) else []
        left -= 1 + len(parts)
        if left < 0:
            raise StudyError(f"has more than {LARGEST:,} values with aliases (*name) expanded; no study needs that")
        waiting.extend(parts)


def check(data: Any, part: dict[str, Any], schema: dict[str, Any], place: str) -> None:
    """Leave out what is null, fill the defaults of a part of the schema into `data` and validate it; the first error
    becomes one line."""
    drop_nulls(data, part, schema)
    fill_defaults(data, part, schema)
    validator = Validator({**part, "$defs": schema["$defs"]})
    # An unknown key comes before a missing one: it often is the missing one, misspelt.
    errors = sorted(
        validator.iter_errors(data),
        key=lambda error: (list(map(str, error.absolute_path)), error.validator != "additionalProperties"),
    )
    if errors:
        raise StudyError(f"{describe(errors[0], place)}")


def drop_nulls(data: Any, part: dict[str, Any], schema: dict[str, Any]) -> None:
    """Remove keys that are null where null is not a value: so an overlay removes what a file below it has."""
    part = resolved(part, schema)
    if isinstance(data, dict):
        extra = part.get("additionalProperties")
        for key in list(data):
            sub = part.get("properties", {}).get(key, extra if isinstance(extra, dict) else None)
            if sub is None:
                continue
            sub = resolved(sub, schema)
            is_value = "null" in sub.get("type", []) or not ("type" in sub or "enum" in sub)
            if data[key] is None and not is_value and key not in part.get("required", []):
                del data[key]
            else:
                drop_nulls(data[key], sub, schema)
    elif isinstance(data, list) and isinstance(part.get("items"), dict):
        for item in data:
            drop_nulls(item, part["items"], schema)


def fill_defaults(data: Any, part: dict[str, Any], schema: dict[str, Any]) -> None:
    part = resolved(part, schema)
    if isinstance(data, dict):
        properties = part.get("properties", {})
        for key, sub in properties.items():
            sub = resolved(sub, schema)
            if key not in data and "default" in sub:
                data[key] = json.loads(json.dumps(sub["default"]))
            if key in data:
                fill_defaults(data[key], sub, schema)
        if isinstance(extra := part.get("additionalProperties"), dict):
            for key in data.keys() - properties.keys():
                fill_defaults(data[key], extra, schema)
    elif isinstance(data, list) and isinstance(part.get("items"), dict):
        for item in data:
            fill_defaults(item, part["items"], schema)


def describe(error: ValidationError, place: str) -> str:
    path = ".".join([place, *map(str, error.absolute_path)]).strip(".")
    named, part = path or "the file", cast(dict[str, Any], error.schema)
    value: Any = error.validator_value
    instance: Any = error.instance
    shown = repr(instance)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    match error.validator:
        case "additionalProperties":
            known = list(part.get("properties", {}))
            unknown = next(key for key in instance if key not in known)
            hint = nearest(unknown, known)
            if (new := RENAMED.get(unknown)) in known:
                hint = f"it is now called '{new}'{RENAMED_UNITS.get(unknown, '')}"
            return f"{path + '.' if path else ''}{unknown}: unknown key; {hint}"
        case "required":
            first, *others = [f"'{key}'" for key in value if key not in instance]
            missing = f"{named}: the key {first} is missing"
            if not path:
                return f"{missing}; a file that only changes a study comes after it: {AFTER}"
            return f"{named}: the keys {', '.join([first, *others])} are missing" if others else missing
        case "enum":
            return f"{named}: {shown} is not a valid choice; {nearest(str(instance), map(str, value))}"
        case "anyOf":  # a choice, or a function of the user's
            choices = next(map(str, option["enum"]) for option in value if "enum" in option)
            return f"{named}: {shown} is not a valid choice; {nearest(str(instance), choices)}; or file.py:function"
        case "minimum":
            return f"{named}: {shown} is too small; the minimum is {value}"
        case "exclusiveMinimum":
            return f"{named}: {shown} is too small; it must be more than {value}"
        case "maximum":
            return f"{named}: {shown} is too large; the maximum is {value}"
        case "type":
            wanted = " or ".join(TYPES[name] for name in ([value] if isinstance(value, str) else value))
            shown = "nothing" if instance is None else shown
            quoted = value == "string" and isinstance(instance, bool)
            hint = "; YAML takes no, yes, on and off for truth values: put it in quotes" if quoted else ""
            return f"{named}: expected {wanted}, got {shown}{hint}"
        case "minItems" | "minProperties":
            return f"{named}: needs at least {value} of them, not {len(instance)}"
        case "uniqueItems":
            return f"{named}: names something twice: {shown}"
        case "pattern":
            return f"{named}: {shown} must have the form {part['form']}"
    return f"{named}: {' '.join(error.message.split())[:200]}"
