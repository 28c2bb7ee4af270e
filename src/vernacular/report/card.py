"""A model's card: what it is, how it was made and from what data, how it scores, and what its licence is."""

import re
import unicodedata
from typing import Any

import yaml

from vernacular.models.provenance import PACKAGES
from vernacular.report.options import CardOptions

RATES = ("accuracy", "lpr", "wpr", "lcpr", "answer_consistency")
QUOTED = '"'
GROUPS = ("all", "en", "in-domain", "out-of-domain")


def escaped(text: object) -> str:
    """Text that Markdown and HTML show literally, in one line."""
    printable = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in str(text))
    line = " ".join(printable.split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~$-])", r"\\\1", line)


def yaml_block(data: Any) -> str:
    """Data as YAML in a fenced block that nothing in it can end."""
    text = yaml.safe_dump(data, sort_keys=False, width=100)  # escapes what is not ASCII
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{fence}yaml\n{text}{fence}\n"


def metadata(values: dict[str, Any]) -> str:
    """The metadata block of a card: one line per key, whatever its value holds."""
    lines = [
        f"{key}: {yaml.safe_dump(value, default_style=QUOTED, default_flow_style=True, width=10**6)}"
        for key, value in values.items()
    ]
    return f"---\n{''.join(lines)}---\n"


def sources_table(rows: list[dict[str, str]]) -> str:
    """Everything that went into a model: where it comes from, at which revision, under which licence."""
    lines = ["| source | from | revision | licence |", "|" + "---|" * 4]
    for row in rows:
        lines.append(f"| {' | '.join(escaped(row[key]) for key in ('source', 'origin', 'revision', 'licence'))} |")
    branches = any(row["revision"] and not re.fullmatch("[0-9a-f]{40}", row["revision"]) for row in rows)
    note = "\nOf a branch, the study's downloads.json holds the commit.\n" if branches else ""
    return "\n".join(lines) + "\n" + note


def scores_table(rows: list[dict[str, str]], model: str, seed: int) -> str:
    """One model's rates in per cent with their intervals, for English and the groups; rows: of a table of scores."""
    lines = [f"| benchmark | languages | questions | {' | '.join(RATES)} |", "|" + "---|" * (3 + len(RATES))]
    for row in rows:
        if row["model"] == model and int(row["seed"]) == seed and row["language"] in GROUPS:
            rates = [rate(row, name) for name in RATES]
            lines.append(f"| {escaped(row['benchmark'])} | {row['language']} | {row['n']} | {' | '.join(rates)} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else ""


def rate(row: dict[str, str], name: str) -> str:
    """A rate in per cent with its interval, or `none`."""
    values = [row.get(key, "") for key in (name, f"{name}_low", f"{name}_high")]
    if not all(values):
        return "none"
    mean, low, high = (100 * float(value) for value in values)
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


def model_card(manifest: dict[str, Any], rows: list[dict[str, str]], options: CardOptions) -> str:
    """Markdown with the metadata that hubs read.

    manifest: the model's manifest.json; rows: of the study's tables of scores. Raises ValueError if the manifest lacks
    what a training records.
    """
    try:
        name, seed, recipe = manifest["model"], manifest["seed"], manifest["recipe"]
        packages = {package: manifest["packages"][package] for package in PACKAGES}
        total, trained, tokens = (manifest[key] for key in ("total_parameters", "trainable_parameters", "tokens_seen"))
    except (KeyError, TypeError):
        raise ValueError("the model's manifest.json is not that of a training; make the model again") from None
    licence = options.licence
    base = [parent["repo"] for parent in options.parents if "repo" in parent]
    head = {
        "license": licence.lower() if licence else "other",
        "library_name": "transformers",
        "language": options.languages,
        "tags": ["vernacular", recipe["recipe"]],
        **({"base_model": base} if base else {}),
    }
    licence_text = (
        f"{escaped(licence)}. What parents and data allow holds besides."
        if licence
        else "Not stated by the study: what the licences of parents and data allow."
    )
    line = " from ".join(escaped(part) for part in [name, *(parent["model"] for parent in options.parents)])
    scores = scores_table(rows, name, seed)
    return "\n".join(
        [
            metadata(head),
            f"# {escaped(name)}\n",
            f"Made by the study {escaped(options.study)} ({escaped(options.scale)}) of Vernacular with the recipe "
            f"{escaped(recipe['recipe'])}, seed {seed}: {line}.\n",
            f"{total:,} parameters, of which {trained:,} were trained, on {tokens:,} tokens.\n",
            "## Recipe\n",
            yaml_block(recipe),
            "## Parents\n",
            yaml_block(options.parents) if options.parents else "None: from scratch.\n",
            "## Data\n",
            yaml_block(options.data) if options.data else "See the parents.\n",
            "## Sources and their licences\n",
            sources_table(options.sources),
            "## Scores\n",
            scores
            + "\nPer cent, with 95 % intervals; lpr, wpr and lcpr: is the trace in the language of the question; "
            "answer_consistency: is the response, where its language can be told.\n"
            if scores
            else "None in the tables of the study.\n",
            "## Licence\n",
            f"{licence_text}\n",
            "## Made with\n",
            yaml_block({"packages": packages, "inputs": manifest["inputs"], "code": manifest["code"]}),
        ]
    )
