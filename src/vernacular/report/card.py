"""A model's card: what it is, how it was made, of what data, how it scores, and under which licence it may be used."""

import re
import unicodedata
from typing import Any

import yaml

from vernacular.models.job import PACKAGES

RATES = ("accuracy", "lpr", "wpr", "lcpr")
QUOTED = '"'
GROUPS = ("all", "en", "in-domain", "out-of-domain")


def plain(text: object) -> str:
    """Text that Markdown and HTML show as it stands, in one line."""
    shown = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in str(text))
    line = " ".join(shown.split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~$-])", r"\\\1", line)


def block(data: Any) -> str:
    """Data as YAML in a fenced block that nothing in it can end."""
    text = yaml.safe_dump(data, sort_keys=False, width=100)  # what is not ASCII comes out escaped
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{fence}yaml\n{text}{fence}\n"


def metadata(values: dict[str, Any]) -> str:
    """The head of a card: a line for each key, whatever its value holds."""
    lines = [
        f"{key}: {yaml.safe_dump(value, default_style=QUOTED, default_flow_style=True, width=10**6)}"
        for key, value in values.items()
    ]
    return f"---\n{''.join(lines)}---\n"


def sources_table(rows: list[dict[str, str]]) -> str:
    """Of all that went into a model: where it comes from, at which revision, under which licence."""
    lines = ["| source | from | revision | licence |", "|" + "---|" * 4]
    for row in rows:
        lines.append(f"| {' | '.join(plain(row[key]) for key in ('source', 'origin', 'revision', 'licence'))} |")
    branches = any(row["revision"] and not re.fullmatch("[0-9a-f]{40}", row["revision"]) for row in rows)
    told = "\nOf a branch, the study's downloads.json holds the commit.\n" if branches else ""
    return "\n".join(lines) + "\n" + told


def scores_table(rows: list[dict[str, str]], model: str, seed: int) -> str:
    """The rates of one model in per cent, with their intervals, of rows of a table of scores; English and groups."""
    lines = [f"| benchmark | languages | questions | {' | '.join(RATES)} |", "|" + "---|" * (3 + len(RATES))]
    for row in rows:
        if row["model"] == model and int(row["seed"]) == seed and row["language"] in GROUPS:
            rates = [rate(row, name) for name in RATES]
            lines.append(f"| {plain(row['benchmark'])} | {row['language']} | {row['n']} | {' | '.join(rates)} |")
    return "\n".join(lines) + "\n" if len(lines) > 2 else ""


def rate(row: dict[str, str], name: str) -> str:
    values = [row.get(key, "") for key in (name, f"{name}_low", f"{name}_high")]
    if not all(values):
        return "none"
    mean, low, high = (100 * float(value) for value in values)
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


def model_card(manifest: dict[str, Any], rows: list[dict[str, str]], options: dict[str, Any]) -> str:
    """Markdown with the metadata that hubs read.

    manifest: the model's manifest.json; rows: of tables/*.csv. options: `study`, `scale`, `licence` (null: not said),
    `languages`, `parents` (the model's, nearest first: name, recipe), `data` (what it was trained on), `sources` (where
    its data and its parents' come from: licences.origins_of).
    Raises ValueError where a manifest is none.
    """
    try:
        name, seed, recipe = manifest["model"], manifest["seed"], manifest["recipe"]
        packages = {package: manifest["packages"][package] for package in PACKAGES}
        counts = manifest["total_parameters"], manifest["trainable_parameters"], manifest["tokens_seen"]
    except (KeyError, TypeError):
        raise ValueError("the model's manifest.json is none of a training; make the model again") from None
    licence = options["licence"]
    base = [parent["repo"] for parent in options["parents"] if "repo" in parent]
    head = {
        "license": licence.lower() if licence else "other",
        "library_name": "transformers",
        "language": options["languages"],
        "tags": ["vernacular", recipe["recipe"]],
        **({"base_model": base} if base else {}),
    }
    said = (
        f"{plain(licence)}. What parents and data allow holds besides."
        if licence
        else "Not stated by the study: what the licences of parents and data allow."
    )
    line = " from ".join(plain(part) for part in [name, *(parent["model"] for parent in options["parents"])])
    scores = scores_table(rows, name, seed)
    return "\n".join(
        [
            metadata(head),
            f"# {plain(name)}\n",
            f"Made by the study {plain(options['study'])} ({plain(options['scale'])}) of Vernacular with the recipe "
            f"{plain(recipe['recipe'])}, seed {seed}: {line}.\n",
            f"{counts[0]:,} parameters, of which {counts[1]:,} were trained, on {counts[2]:,} tokens.\n",
            "## Recipe\n",
            block(recipe),
            "## Parents\n",
            block(options["parents"]) if options["parents"] else "None: from scratch.\n",
            "## Data\n",
            block(options["data"]) if options["data"] else "See the parents.\n",
            "## Sources and their licences\n",
            sources_table(options["sources"]),
            "## Scores\n",
            scores
            + "\nPer cent, with 95 % intervals; lpr, wpr and lcpr: is the trace in the language of the question.\n"
            if scores
            else "None in the tables of the study.\n",
            "## Licence\n",
            f"{said}\n",
            "## Made with\n",
            block({"packages": packages, "inputs": manifest["inputs"], "code": manifest["code"]}),
        ]
    )
