"""config/README.md, made from the schema: python -m vernacular.study.readme > config/README.md"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from vernacular.study.schema import load_schema, resolved

HEAD = """# The keys of a study

<!-- Made from workflow/schemas/config.schema.yaml by: python -m vernacular.study.readme > config/README.md -->

A study is one YAML file. `minimal.yaml` is the shortest, `config.yaml` the default study, commented, and `eval.yaml`
evaluates models on today's benchmarks without training any; copy one to make your own, give it a name of its own
(`study:`), and run `snakemake --profile local --configfile my-study.yaml`.

Of several files each is laid over the one before: `--configfile config/config.yaml mine.yaml` changes only what
`mine.yaml` sets. Such a file names its own `study`, unless it changes `resources`, `limits` and `track` alone. In it

- a mapping changes the keys that it has, and anything else, such as a list, takes the place of what was there;
- `null` removes a section, a model, a benchmark, a set or a key, unless null is a value of the key;
- a model that gets another `recipe` has none of the keys that it had;
- `like: NAME` gives a model all keys of another one, and those next to it change them.

Targets go before these files (`snakemake slam --configfile config/config.yaml mine.yaml`): all words after
`--configfile` are files. `--config bootstrap=200` changes one key. An unknown key, model or language, and a training
option of a wrong type or value, end Snakemake with one line before any job. `1e-4` is a number.

Only what changed runs again: `snakemake -n` shows it. Relative paths start at the working directory,
those of your functions (`file.py:function`) at the configuration.

Keys marked as required must be set wherever their section is there; of the others the default holds.
"""

SECTIONS = (
    ("Study", "", ()),
    ("prompts", "prompts.", ("$defs", "prompt_set")),
    ("sources", "sources.<name>.", ("$defs", "source")),
    ("benchmarks", "benchmarks.<name>.", ("$defs", "benchmark")),
    ("data", "data.<name>.<number>.", ("$defs", "data")),
    ("traces", "traces.", ("$defs", "traces")),
    ("rl", "rl.", ("$defs", "rl")),
    ("slam", "slam.", ("$defs", "slam")),
    ("evaluations", "evaluations.<number>.", ("$defs", "evaluation")),
)
# Described by sections of their own.
DEEPER = {"benchmarks", "traces", "rl", "slam", "models", "evaluations", "alignment", "lora"}
BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤"}


def type_of(part: dict[str, Any], schema: dict[str, Any]) -> str:
    part = resolved(part, schema)
    if "enum" in part:
        return " \\| ".join(f"`{choice}`" for choice in part["enum"])
    if "anyOf" in part:
        return " or ".join(type_of(option, schema) for option in part["anyOf"])
    if "const" in part:
        return f"`{part['const']}`"
    kind = part.get("type", "anything")
    if kind == "array":
        items = type_of(part.get("items", {}), schema)
        return f"two of: {items}" if part.get("maxItems") == 2 else f"list of: {items}"
    if kind == "object":
        return "mapping"
    text = " or ".join([kind] if isinstance(kind, str) else kind)
    bounds = [f"{sign} {part[key]}" for key, sign in BOUNDS.items() if key in part]
    return f"{text} {', '.join(bounds)}".strip()


def cell(text: str) -> str:
    """Markdown that shows `text` in a table: <names> outside backticks would be taken for HTML."""
    pieces = text.replace("|", "\\|").split("`")
    return "`".join(piece if number % 2 else piece.replace("<", "&lt;") for number, piece in enumerate(pieces))


def rows(part: dict[str, Any], schema: dict[str, Any], prefix: str) -> Iterator[str]:
    """A row of the table for every key of a part of the schema, and for the keys below it."""
    for key, raw in part.get("properties", {}).items():
        sub = resolved(raw, schema)
        default = f"`{json.dumps(sub['default'], ensure_ascii=False)}`" if "default" in sub else ""
        required = " **(required)**" if key in part.get("required", []) else ""
        description = cell(sub["description"])
        yield f"| `{prefix}{key}` | {type_of(raw, schema)} | {default} | {description}{required} |"
        if key not in DEEPER:
            yield from rows(sub, schema, f"{prefix}{key}.")


def table(part: dict[str, Any], schema: dict[str, Any], prefix: str) -> str:
    return "\n".join(["| key | type | default | what it is |", "|---|---|---|---|", *rows(part, schema, prefix)]) + "\n"


def readme() -> str:
    schema = load_schema()
    parts = [HEAD]
    for title, prefix, path in SECTIONS:
        part = schema
        for step in path:
            part = part[step]
        about = f"{cell(schema['properties'][title]['description'])}\n\n" if path else ""
        parts.append(f"## {title if not path else f'`{title}`'}\n\n{about}{table(part, schema, prefix)}")
    parts.append(f"## `models`\n\n{schema['properties']['models']['description']} Each recipe has its own keys.\n")
    for name, part in schema["$defs"]["recipes"].items():
        parts.append(f"### Recipe `{name}`\n\n{part['description']}\n\n{table(part, schema, 'models.<name>.')}")
    alignment = schema["$defs"]["alignment"]
    parts.append(
        f"### `alignment`\n\n{alignment['description']}\n\n{table(alignment, schema, 'models.<name>.alignment.')}"
    )
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(readme())
