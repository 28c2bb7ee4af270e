"""A model's card: what it is, how it was made and from what data, how it scores, and what its licence is."""

import re
import unicodedata
from typing import Any

import yaml

from vernacular.language.languages import ENGLISH
from vernacular.models.provenance import PACKAGES
from vernacular.report.options import CardOptions
from vernacular.report.templates import rendered

RATES = ("accuracy", "lpr", "wpr", "lcpr", "answer_consistency")
QUOTED = '"'
RECORDED = ("model", "seed", "recipe", "total_parameters", "trainable_parameters", "tokens_seen", "inputs", "code")
GROUPS = ("all", ENGLISH, "in-domain", "out-of-domain")


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


def rate(row: dict[str, str], name: str) -> str:
    """A rate in per cent with its interval, or `none`."""
    values = [row.get(key, "") for key in (name, f"{name}_low", f"{name}_high")]
    if not all(values):
        return "none"
    mean, low, high = (100 * float(value) for value in values)
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


def indexed(rows: list[dict[str, str]]) -> list[dict[str, Any]]:
    """The rates as the `results` of a hub's `model-index`, in per cent: for each benchmark and group of languages."""
    found = []
    for row in rows:
        rates = [(name, row[name]) for name in RATES if row.get(name)]
        metrics = [{"type": name, "value": round(100 * float(value), 2), "name": name} for name, value in rates]
        dataset = {"type": row["benchmark"], "name": row["benchmark"], "config": row["language"]}
        if metrics:
            found.append({"task": {"type": "text-generation"}, "dataset": dataset, "metrics": metrics})
    return found


def model_card(manifest: dict[str, Any], rows: list[dict[str, str]], options: CardOptions) -> str:
    """Markdown with the metadata that hubs read (resources/templates/card.md.j2).

    manifest: the model's manifest.json; rows: of the study's tables of scores, of which the card has the model's rates
    for English and the groups. Raises ValueError if the manifest lacks what a training records.
    """
    try:
        made = {key: manifest[key] for key in RECORDED}
        packages = {package: manifest["packages"][package] for package in PACKAGES}
    except (KeyError, TypeError):
        raise ValueError("the model's manifest.json is not that of a training; make the model again") from None
    base = [parent["repo"] for parent in options.parents if "repo" in parent]
    head = {
        "license": options.licence.lower() if options.licence else "other",
        "library_name": "transformers",
        "language": options.languages,
        "tags": ["vernacular", made["recipe"]["recipe"]],
        **({"base_model": base} if base else {}),
    }
    run = (made["model"], str(made["seed"]))
    scores = [row for row in rows if (row["model"], row["seed"]) == run and row["language"] in GROUPS]
    if results := indexed(scores):
        head["model-index"] = [{"name": made["model"], "results": results}]
    revisions = [row["revision"] for row in options.sources]
    return rendered(
        "card.md.j2",
        escaped=escaped,
        yaml_block=yaml_block,
        rate=rate,
        **made,
        notes=manifest.get("notes", []),
        packages=packages,
        options=options,
        metadata=metadata(head),
        lineage=" from ".join(map(escaped, [made["model"], *(parent["model"] for parent in options.parents)])),
        has_branch=any(revision and not re.fullmatch("[0-9a-f]{40}", revision) for revision in revisions),
        scores=scores,
        rates=RATES,
    )
