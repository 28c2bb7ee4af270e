"""What of a study can be published as a dataset: which files, whose texts they hold, and how they were made."""

from itertools import product
from typing import Any, NamedTuple

from vernacular.storage.messages import nearest
from vernacular.study.compile import Study, Target
from vernacular.study.evaluations import labels
from vernacular.study.graph import models_behind, prompt_parents
from vernacular.study.licences import origins_of_texts
from vernacular.study.recipes import SECTIONS

PARTS = ("traces", "prompts", "generations", "scores")
OF_MODELS = ("recipe", "from", "encoder", "models", "repo", "revision", "step")  # no path of this machine
ASKED = ("benchmarks", "models", "languages", "split", "questions", "questions_en")
DECODED = ("samples", "temperature", "max_new_tokens", "decoding", "translator")


class File(NamedTuple):
    """path: below the working directory; split: of the dataset; told: what only the path tells of its rows, as further
    columns."""

    path: str
    split: str
    told: dict[str, Any]


def parts_of(study: Study, target: Target) -> list[str]:
    """The parts that a target has: traces and prompts where one of its models is trained on them."""
    reads = {study.models[name].recipe.reads for name in models_behind(study.models, target.evaluations)}
    return [part for part in PARTS if part not in SECTIONS or part in reads]


def chosen_parts(study: Study, target: Target, named: str | None) -> list[str]:
    """Those that are named, separated by commas; None: all that there are. Raises ValueError for any other."""
    there = parts_of(study, target)
    asked = there if named is None else named.split(",")
    for part in asked:
        if part not in PARTS:
            raise ValueError(f"--parts: no part '{part}'; {nearest(part, PARTS)}")
        if part not in there:
            raise ValueError(f"--parts: no model here is trained on {part}; choose from: {', '.join(there)}")
    return [part for part in there if part in asked]


def files_of(study: Study, target: Target, part: str) -> list[File]:
    """The files of a part: the traces after the filter, the RL prompts of each parent, generations, scores."""
    if part == "traces":
        return [File(study.paths.kept_traces, "train", {})]
    if part == "prompts":
        parents = prompt_parents(study.models, models_behind(study.models, target.evaluations))
        asked = [(parent, seed) for parent in parents for seed in study.seeds]
        return [File(study.paths.prompts(*one), "train", {"model": one[0], "seed": one[1]}) for one in asked]
    path = study.paths.scores if part == "scores" else study.paths.generations
    found: dict[str, File] = {}  # an evaluation may ask what another has asked
    for evaluation in target.evaluations:
        for label, benchmark, seed in product(labels([evaluation]), evaluation["benchmarks"], study.seeds):
            told = {"model": label, "benchmark": benchmark, "seed": seed}
            place = path(label, benchmark, seed)
            found[place] = File(place, evaluation["split"], told)
    return list(found.values())


def sources_of(study: Study, target: Target, part: str) -> list[str]:
    """The sources of the questions of a part, or of its traces themselves."""
    asked = [name for e in target.evaluations for name in e["benchmarks"]]
    if part in SECTIONS:
        section = study.config[SECTIONS[part]]
        if "source" in section:
            return [section["source"]]
        asked = [section["benchmark"]]
    return [study.config["benchmarks"][name]["source"] for name in asked]


def origins(study: Study, target: Target, parts: list[str]) -> list[dict[str, str]]:
    """Where the texts of some parts are from, and their licences (study.licences.origins_of_texts).

    Raises ValueError where a licence is not known and the study does not state one.
    """
    sources = dict.fromkeys(source for part in parts for source in sources_of(study, target, part))
    wrote = models_behind(study.models, target.evaluations) if parts != ["traces"] else []
    rows = origins_of_texts(study.config, sources, [study.models[name] for name in wrote])
    for row in rows:
        if not row["hub"] and study.config["licence"] is None:
            raise ValueError(
                f"{row['section']}.{row['source']} ({row['origin']}): licence {row['licence']}; if you may publish "
                "what is made from it, state its licence in the configuration (licence: CC-BY-4.0); else leave it out "
                "(--parts)"
            )
    return rows


def how_made(study: Study, target: Target, parts: list[str]) -> dict[str, Any]:
    """How the parts were made, in the words of the configuration."""
    found: dict[str, Any] = {}
    for part in parts:
        if part in SECTIONS:
            section = study.config[SECTIONS[part]]
            found[SECTIONS[part]] = {key: value for key, value in section.items() if key != "resources"}
    if parts != ["traces"]:
        found["models"] = {
            name: {key: study.models[name].options[key] for key in OF_MODELS if key in study.models[name].options}
            for name in models_behind(study.models, target.evaluations)
        }
    if {"generations", "scores"} & {*parts}:
        keys = (*ASKED, *DECODED)
        found["evaluations"] = [{key: e[key] for key in keys if e.get(key) is not None} for e in target.evaluations]
    return found
