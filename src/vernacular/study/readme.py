"""config/README.md, made from the schema: python -m vernacular.study.readme > config/README.md"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Set
from typing import Any

from vernacular.study.schema import load_schema, resolved

HEAD = """# The keys of a study

<!-- Made from workflow/schemas/config.schema.yaml by: python -m vernacular.study.readme > config/README.md -->

A study is one YAML file. Copy one of these, give it its own name (`study:`), and run
`snakemake --profile local --configfile my-study.yaml`:

| file | what it is |
|---|---|
| `minimal.yaml` | the shortest study |
| `config.yaml` | the default study, with comments |
| `eval.yaml` | models on current benchmarks, without training |
| `small.yaml` | pretrained models of 100 to 300 million parameters, on two cores |
| `one-gpu.yaml` | AdaMame and its baselines on a 24 GB card |
| `paper/*.yaml` | the papers' set-ups |
| `mgsm.yaml` | real questions for the models of the default study |

`small-local.yaml`, `small-gemma.yaml` and `two-models.yaml` are laid over another file. `claims.yaml` and
`regime.yaml` are not studies; they have the claims and the criteria that a study can check.

## How files are read

With several files, each is laid over the one before: `--configfile config/config.yaml mine.yaml` changes only what
`mine.yaml` sets. Such a file has its own `study`, unless it changes only `resources`, `limits` and `track`. In it

- a mapping changes only the keys that it has; anything else, such as a list, replaces what was there;
- `null` removes a section, a model, a benchmark, a set or a key, unless null is a value of the key;
- a model with another `recipe` loses its old keys;
- `like: NAME` copies all keys of another model, and keys next to it override them.

Targets go before the files (`snakemake slam --configfile config/config.yaml mine.yaml`), since every word after
`--configfile` is read as a file. `--config bootstrap=200` changes one key. An unknown key, model or language, or a
training option with a wrong type or value, ends Snakemake with one line before any job starts. `1e-4` is a number.
Relative paths start at the working directory, those of your functions (`file.py:function`) at the configuration.

Only what changed runs again; `snakemake -n` shows it.

## Where to find a key

A key marked **(required)** must be set if its section is there.

- The whole study, how a language is identified, the merges' tables: [Study](#study)
- Data: [`sources`](#sources), [`benchmarks`](#benchmarks), [`data`](#data), [`traces`](#traces), [`rl`](#rl),
  [`prompts`](#prompts)
- What is measured: [`evaluations`](#evaluations), [`slam`](#slam)
"""
COMMON = "- Keys that several sections share: [Common keys](#common-keys)"

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
            yield from rows(resolved(sub.get("items", {}), schema), schema, f"{prefix}{key}.<number>.")


def common_keys(schema: dict[str, Any]) -> set[str]:
    """The keys that two or more sections define alike, each with its definition, as `entry` writes it."""
    parts = [schema["$defs"][path[-1]] for _, _, path in SECTIONS if path] + list(schema["$defs"]["recipes"].values())
    counts = Counter(entry(key, raw) for part in parts for key, raw in part["properties"].items())
    return {found for found, count in counts.items() if count > 1}


def entry(key: str, raw: dict[str, Any]) -> str:
    return json.dumps({key: raw}, sort_keys=True)


def table(part: dict[str, Any], schema: dict[str, Any], prefix: str, common: Set[str] = frozenset()) -> str:
    """The table of a section; keys in `common` are only named below it."""
    keys = {key: raw for key, raw in part["properties"].items() if key != "recipe"}  # the heading has the recipe
    own = {key: raw for key, raw in keys.items() if entry(key, raw) not in common}
    required = part.get("required", [])
    shared = [f"`{key}`" + (" **(required)**" if key in required else "") for key in keys if key not in own]
    lines = []
    if own:
        lines += ["| key | type | default | what it is |", "|---|---|---|---|"]
        lines += [*rows({**part, "properties": own}, schema, prefix), ""]
    if shared:
        lines += [f"[Common keys](#common-keys): {', '.join(shared)}.", ""]
    return "\n".join(lines)


def readme() -> str:
    schema = load_schema()
    common = common_keys(schema)
    links = [f"[`{name}`](#recipe-{name})" for name in schema["$defs"]["recipes"]]
    models = f"- Models: [`models`](#models), by recipe {', '.join(links)}; [`alignment`](#alignment) of `grpo`"
    parts = [f"{HEAD}{models}\n{COMMON}\n"]
    sections = {title for title, _, path in SECTIONS if path} | {"models"}
    top = schema["properties"]
    below = {key: {**top[key], "description": f"[Below](#{key})."} for key in sections}
    for title, prefix, path in SECTIONS:
        part = schema["$defs"][path[-1]] if path else {**schema, "properties": top | below}
        about = f"{cell(schema['properties'][title]['description'])}\n\n" if path else ""
        parts.append(f"## {title if not path else f'`{title}`'}\n\n{about}{table(part, schema, prefix, common)}")
    parts.append(f"## `models`\n\n{schema['properties']['models']['description']} Each recipe has its own keys.\n")
    for name, part in schema["$defs"]["recipes"].items():
        parts.append(f"### Recipe `{name}`\n\n{part['description']}\n\n{table(part, schema, 'models.<name>.', common)}")
    alignment = schema["$defs"]["alignment"]
    parts.append(
        f"### `alignment`\n\n{alignment['description']}\n\n{table(alignment, schema, 'models.<name>.alignment.')}"
    )
    found = {key: raw for key_and_raw in sorted(common) for key, raw in json.loads(key_and_raw).items()}
    parts.append(f"## Common keys\n\n{table({'properties': found}, schema, '')}")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(readme())
