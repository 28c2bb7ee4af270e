"""Which models and data a study's models are made of, from where, and under which licence (resources/licences.yaml)."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from vernacular.corpus.formats import PHRASEBOOK
from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import read_yaml
from vernacular.study.graph import Model, training_parts

FILE = resource("licences.yaml")
UNKNOWN = "not known here: look where it comes from"
OWN = "files of the authors' own"
# https://HOST/[datasets/]OWNER/NAME/[resolve/|raw/|blob/]REVISION/...
_ADDRESS = re.compile(r"https?://[^/]+/(?:datasets/)?([^/]+/[^/]+)/(?:(?:resolve|raw|blob)/)?([^/]+)/")


@cache
def load_licences() -> list[dict[str, Any]]:
    """The entries of the file: what, origins, licence and, where one is stated, hub."""
    entries: list[dict[str, Any]] = read_yaml(FILE)
    return entries


def entry_of(origin: str) -> dict[str, Any]:
    return next((entry for entry in load_licences() if origin in entry["origins"]), {"licence": UNKNOWN})


def origins_of(study: dict[str, Any], models: Iterable[Model]) -> list[dict[str, str]]:
    """source, origin, revision, licence of all that some models learnt from or were taken from, each once."""
    rows: dict[tuple[str, str, str], None] = {}
    for model in models:
        options = model.options
        if "repo" in options:
            rows[model.name, options["repo"], options["revision"]] = None
        elif place := options.get("path") or options.get("gguf"):
            rows[model.name, place, ""] = None
        for source in sources_of_model(study, model):
            rows |= {(source, *place): None for place in places(study["sources"].get(source, {}), source)}
    keys = ("source", "origin", "revision")
    return [dict(zip(keys, row, strict=True)) | {"licence": entry_of(row[1])["licence"]} for row in rows]


def origins_of_texts(study: dict[str, Any], sources: Iterable[str], models: Iterable[Model]) -> list[dict[str, str]]:
    """Where texts are from that models wrote about the questions of some sources: section (of the configuration),
    source, origin, revision, licence, hub (its name in a hub's list of licences, "" where it is not known).

    For publication: a folder of one's own is not named.
    """
    found: dict[tuple[str, str, str, str], None] = {}
    for source in sources:
        options = study["sources"].get(source, {})
        own = not {"dataset", "urls"} & options.keys()
        for origin, revision in places(options, source):
            named = OWN if own and "origins" not in entry_of(origin) else origin
            found["sources", source, named, revision] = None
    for model in models:
        if "repo" in model.options:
            found["models", model.name, model.options["repo"], model.options["revision"]] = None
        elif "path" in model.options:
            found["models", model.name, OWN, ""] = None
    keys = ("section", "source", "origin", "revision")
    entries = [(dict(zip(keys, row, strict=True)), entry_of(row[2])) for row in found]
    return [row | {"licence": entry["licence"], "hub": entry.get("hub", "")} for row, entry in entries]


def sources_of_model(study: dict[str, Any], model: Model) -> Iterator[str]:
    """The names of the sources that a model was trained on; `phrasebook` is the miniature's own."""
    for part in training_parts(study, model):
        yield from (part[key] for key in ("source", "solutions") if key in part)
        for benchmark in [part["benchmark"]] if "benchmark" in part else part.get("benchmarks", []):
            yield study["benchmarks"][benchmark]["source"]


def places(options: dict[str, Any], source: str) -> list[tuple[str, str]]:
    """(origin, revision) of a source: of files by their addresses the repositories, where they name one."""
    if "dataset" in options:
        return [(options["dataset"], options["revision"])]
    if "urls" in options:
        found = {url["url"]: _ADDRESS.match(url["url"]) for url in options["urls"]}
        return list(dict.fromkeys((match[1], match[2]) if match else (url, "") for url, match in found.items()))
    return [(options.get("file") or options.get("folder", PHRASEBOOK if source == PHRASEBOOK else source), "")]
