"""What the stages that make the corpus read, and their options: questions, training sets, traces, real data."""

from pathlib import Path
from typing import Any

from vernacular.corpus.options import FilterOptions, QuestionsOptions, TracesOptions, TrainingDataOptions
from vernacular.language.phrasebook import PHRASEBOOKS, has_phrasebook
from vernacular.study.compile import Study
from vernacular.study.recipes import SECTIONS
from vernacular.study.sources import PHRASEBOOK, source_of

READ = ("kind", "split", "columns")  # what a source says about how it is read


def phrasebooks(study: Study) -> list[str]:
    """Relative where they are below the working directory, so that a moved repository reruns nothing."""
    here = Path.cwd()
    folder = PHRASEBOOKS.relative_to(here) if PHRASEBOOKS.is_relative_to(here) else PHRASEBOOKS
    return [str(folder / f"{language}.yaml") for language in study.config["languages"] if has_phrasebook(language)]


def phrasebook_benchmarks(study: Study) -> dict[str, dict[str, Any]]:
    return {name: o for name, o in study.config["benchmarks"].items() if o["source"] == PHRASEBOOK}


def asked_benchmarks(study: Study, split: str) -> dict[str, dict[str, Any]]:
    """Of the training questions only those that traces and RL prompts come from: training sets draw their own.

    Nothing waits for a source that has no questions of the split.
    """
    config = study.config
    trained = {config[section].get("benchmark") for section in SECTIONS.values() if section in config}
    wanted = {n: o for n, o in config["benchmarks"].items() if split != "train" or n in trained}
    return {n: o for n, o in wanted.items() if not (form := source_of(config, n)) or split in form.splits}


def question_sources(study: Study, split: str) -> list[str]:
    named = (options["source"] for options in asked_benchmarks(study, split).values())
    return list(dict.fromkeys(name for name in named if name != PHRASEBOOK))


def questions_options(study: Study, split: str) -> QuestionsOptions:
    sources = source_places(study, question_sources(study, split))
    return QuestionsOptions(asked_benchmarks(study, split), study.config["languages"], study.corpus_seed, sources)


def set_sources(study: Study, data: str) -> list[str]:
    parts = study.config["data"][data]
    return list(dict.fromkeys(part[key] for part in parts for key in ("source", "solutions") if key in part))


def training_data_options(study: Study, data: str) -> TrainingDataOptions:
    parts = study.config["data"][data]
    named = {name for part in parts for name in part.get("benchmarks", {})}
    benchmarks = {name: options for name, options in phrasebook_benchmarks(study).items() if name in named}
    places = source_places(study, set_sources(study, data))
    return TrainingDataOptions(parts, study.corpus_seed, benchmarks, places, study.config["prompts"])


def trace_source(study: Study) -> str | None:
    """The source of real traces; None for the miniature's."""
    return study.config["traces"].get("source")


def trace_place(study: Study) -> str:
    source = trace_source(study)
    return source_folder(study, source) if source else study.paths.questions("train")


def trace_inputs(study: Study) -> list[str]:
    source = trace_source(study)
    return source_files_of(study, [source]) if source else [trace_place(study)]


def traces_options(study: Study) -> TracesOptions:
    section, seed = study.config["traces"], study.corpus_seed
    if source := trace_source(study):
        return TracesOptions(section["languages"], seed, format=study.config["sources"][source]["format"])
    named = {key: section[key] for key in ("languages", "benchmark", "hash_range", "flaws", "restate", "check")}
    return TracesOptions(seed=seed, benchmarks=phrasebook_benchmarks(study), **named)


def filter_options(study: Study) -> FilterOptions:
    return FilterOptions(*study.config["traces"]["length"])


# --- sources of real data


def source_folder(study: Study, name: str) -> str:
    """Where a source's files are: in the folder or file that the configuration names, or where they were fetched to."""
    return own_place(study, name) or study.paths.download(f"data/{name}")


def own_place(study: Study, name: str) -> str | None:
    """The user's own folder, or file, of a source; None where it is fetched."""
    options = study.config["sources"][name]
    return options.get("file") or options.get("folder")


def source_files_of(study: Study, names: list[str]) -> list[str]:
    """What must be there of some sources: each file of a folder of the user's, or the folder that is fetched.

    A missing folder does not stop a dry run; the script that needs it will say so.
    """
    found: dict[str, None] = {}
    for name in names:
        own = own_place(study, name)
        files = sorted(str(path) for path in Path(own).rglob("*") if path.is_file()) if own else None
        if own and Path(own).is_file():
            files = [own]
        found |= dict.fromkeys([source_folder(study, name)] if files is None else files)
    return list(found)


def source_places(study: Study, names: list[str]) -> dict[str, dict[str, Any]]:
    sources = study.config["sources"]
    said = {name: {key: sources[name][key] for key in ("format", *READ) if key in sources[name]} for name in names}
    return {name: {**options, "folder": source_folder(study, name)} for name, options in said.items()}
