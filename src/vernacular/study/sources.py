"""Sources of real data: what a study's configuration says about them."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vernacular.corpus.formats import ALL, FORMATS, OWN, PHRASEBOOK, TASKS, Format, form_of, source_files
from vernacular.storage.files import url_name
from vernacular.storage.messages import nearest, secrets_of
from vernacular.study.schema import StudyError

WAYS = ("file", "folder", "dataset", "urls")  # in which a source says where it is
COLUMNS = ("id", "language", "question", "answer", "kind", "choices")


def sources_of(study: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: options for name, options in study["sources"].items() if name != "mirror"}


def source_of(study: dict[str, Any], benchmark: str) -> Format | None:
    """The format of a benchmark's source; None where its problems come from the phrasebooks."""
    name = study["benchmarks"][benchmark]["source"]
    return None if name == PHRASEBOOK else form_of(study["sources"][name])


def is_math(study: dict[str, Any], benchmark: str) -> bool:
    form = source_of(study, benchmark)
    return form.kind == "math" if form else study["benchmarks"][benchmark]["setting"] in ("story", "frame")


def check_sources(study: dict[str, Any]) -> None:
    """Each source, and each model of one's own, says once where it is; a source provides what is asked of it."""
    sources = sources_of(study)
    for name, options in sources.items():
        place = f"sources.{name}"
        if (form := options["format"]) not in FORMATS:
            raise StudyError(f"{place}.format: '{form}' is not a valid choice; {nearest(form, FORMATS)}")
        ways = [key for key in WAYS if key in options]
        if form != OWN and (other := sorted({"kind", "columns"} & options.keys())):
            raise StudyError(f"{place}.{other[0]}: goes only with the format '{OWN}'; '{form}' defines it itself")
        if "split" in options and form != OWN and list(FORMATS[form].splits.values()) != [ALL]:
            raise StudyError(f"{place}.split: a source of the format '{form}' has splits of its own; leave it out")
        if unknown := sorted(options.get("columns", {}).keys() - COLUMNS):
            raise StudyError(f"{place}.columns.{unknown[0]}: not a column of questions; {nearest(unknown[0], COLUMNS)}")
        if len(ways) != 1:
            raise StudyError(
                f"{place}: needs one of file, folder, dataset and urls, not {' and '.join(ways) or 'none of them'}"
            )
        if ways == ["dataset"] and not {"revision", "files"} <= options.keys():
            raise StudyError(f"{place}: a dataset of the hub needs `revision` and `files` (patterns of its paths)")
        if ways != ["dataset"] and (other := sorted({"revision", "files"} & options.keys())):
            raise StudyError(f"{place}.{other[0]}: goes only with `dataset`")
        check_urls(options.get("urls", []), place)
    for name, benchmark in study["benchmarks"].items():
        asked = benchmark["source"]
        if asked != PHRASEBOOK:
            check_gives(sources, asked, "questions", f"benchmarks.{name}.source")
    for name, recipe in study["models"].items():
        if recipe["recipe"] == "folder" and ("path" in recipe) == ("gguf" in recipe):
            raise StudyError(f"models.{name}: needs `path` (a folder) or `gguf` (a file), one of the two")
    if "traces" in study:
        check_traces(study["traces"], sources)
    for name, parts in study["data"].items():
        for number, part in enumerate(parts):
            check_part(part, sources, f"data.{name}.{number}")


def check_urls(urls: list[dict[str, Any]], place: str) -> None:
    """Each file has a name of its own (two of one name would be the first one twice), and no URL a login or a token:
    it would show up in commands, logs, downloads.json and the report."""
    names = [url_name(entry["url"]) for entry in urls]
    for number, name in enumerate(names):
        parts = urlsplit(urls[number]["url"])
        if "@" in parts.netloc:
            raise StudyError(f"{place}.urls.{number}.url: holds a login; fetch the file yourself and name its `folder`")
        if secrets := secrets_of(f"?{parts.query}"):
            raise StudyError(
                f"{place}.urls.{number}.url: '{secrets[0]}' may be a secret, which the study's logs and records would "
                "hold; write ${NAME} instead of its value and set that environment variable"
            )
        if not name or name.startswith("."):
            raise StudyError(f"{place}.urls.{number}.url: its path does not end in a file name, but in '{name}'")
        if name in names[:number]:
            raise StudyError(
                f"{place}.urls.{number}.url: a second file '{name}', replacing the first; give it its own source"
            )


def check_gives(sources: dict[str, Any], name: str, what: str, place: str) -> None:
    if name not in sources:
        raise StudyError(f"{place}: unknown source '{name}'; {nearest(name, [PHRASEBOOK, *sources])}")
    form = sources[name]["format"]
    if what not in FORMATS[form].gives:
        able = [other for other, options in sources.items() if what in FORMATS[options["format"]].gives]
        raise StudyError(f"{place}: '{name}' (format {form}) has no {what}; {nearest(name, able)}")


def check_traces(traces: dict[str, Any], sources: dict[str, Any]) -> None:
    if ("benchmark" in traces) == ("source" in traces):
        raise StudyError("traces: needs `benchmark` (the miniature's traces) or `source` (real ones), one of the two")
    if "source" in traces:
        check_gives(sources, traces["source"], "traces", "traces.source")
        flawed = any(traces.get("flaws", {}).values())
        for key in ("hash_range", "flaws", "restate", "check"):
            if flawed if key == "flaws" else traces.get(key):
                raise StudyError(f"traces.{key}: describes the miniature's traces; leave it out if there is a `source`")
    elif "hash_range" not in traces:
        raise StudyError("traces: the key 'hash_range' is missing: which training questions get traces")


def check_part(part: dict[str, Any], sources: dict[str, Any], place: str) -> None:
    if ("benchmarks" in part) == ("source" in part):
        raise StudyError(f"{place}: needs `benchmarks` (phrasebook problems) or `source` (real data), one of the two")
    if "source" not in part:
        if other := sorted({"split", "limit", "solutions", "think"} & part.keys()):
            raise StudyError(f"{place}.{other[0]}: goes only with `source`")
        return
    if longer := [key for key in ("restate", "check", "switches") if part[key]]:
        raise StudyError(f"{place}.{longer[0]}: is for the miniature's traces; leave it out if there is a `source`")
    if part["task"] not in TASKS:
        raise StudyError(f"{place}.task: '{part['task']}' is made only from phrasebooks; {nearest('', TASKS)}")
    check_solutions(part, sources, place)
    splits = form_of(sources[part["source"]]).splits
    if (split := part.get("split", "train")) not in splits:
        raise StudyError(f"{place}.split: '{part['source']}' has no split '{split}'; {nearest(split, splits)}")


def check_solutions(part: dict[str, Any], sources: dict[str, Any], place: str) -> None:
    """A part of real data finds there what its task needs: solutions, which another source may have, or pairs."""
    task, source = part["task"], part["source"]
    for key in ("solutions", "think"):
        if key in part and task != "reasoning":
            raise StudyError(f"{place}.{key}: goes only with the task 'reasoning'; leave it out")
    check_gives(sources, source, "pairs" if "solutions" in part else TASKS[task], f"{place}.source")
    if "solutions" in part:
        check_gives(sources, part["solutions"], "solutions", f"{place}.solutions")
        if part["english_trace_share"] != 1:
            raise StudyError(
                f"{place}.english_trace_share: solutions of another source are found by the English question, and are "
                "in English; set it to 1.0"
            )
    is_answered = "solutions" in FORMATS[sources[source]["format"]].gives
    if task == "translation" and "answers" in part["translated"] and not is_answered:
        raise StudyError(f"{place}.translated: '{source}' has no answers to translate; set it to [questions]")


def check_folders(study: dict[str, Any]) -> None:
    """The user's own folders hold what evaluations need (paths are relative to the working directory)."""
    for name, recipe in study["models"].items():
        place = f"models.{name}"
        if "path" in recipe and not Path(recipe["path"]).is_dir():
            raise StudyError(f"{place}.path: no folder {recipe['path']}; {start(recipe['path'])}")
        if "gguf" in recipe and find_spec("gguf") is None:
            raise StudyError(f"{place}.gguf: a GGUF file needs the package gguf: pip install '.[gguf]'")
        if recipe["recipe"] == "folder" and "gguf" in recipe and not Path(recipe["gguf"]).is_file():
            raise StudyError(f"{place}.gguf: no file {recipe['gguf']}; {start(recipe['gguf'])}")
    for number, evaluation in enumerate(study["evaluations"]):
        for benchmark in evaluation["benchmarks"]:
            name = study["benchmarks"][benchmark]["source"]
            options = study["sources"].get(name, {})
            key = "file" if "file" in options else "folder"
            if key not in options:
                continue
            folder, form = Path(options[key]), options["format"]
            there = [language for _, language in source_files(options, folder, evaluation["split"])]
            if key == "file" and not folder.is_file():
                raise StudyError(f"sources.{name}.file: no file {folder}; {start(folder)}")
            if not there:
                found = f"{folder} is not" if key == "file" else f"in {folder} there is not"
                raise StudyError(
                    f"sources.{name}.{key}: {found} a file of the format '{form}' (named {FORMATS[form].files})"
                )
            for language in evaluation["languages"]:
                if None not in there and language not in there:
                    raise StudyError(
                        f"evaluations.{number}.languages: {folder} has no file for '{language}'; "
                        f"{nearest(language, sorted(filter(None, there)))}"
                    )


def start(path: str | Path) -> str:
    """A hint for a path that is not there."""
    return "write out the home folder for ~" if str(path)[:1] == "~" else f"relative paths start at {Path.cwd()}"


def downloads_of(study: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What has to be fetched, by its place below downloads/: data/<source> and models/<model>; see download.fetch."""
    found: dict[str, dict[str, Any]] = {}
    for name, options in sources_of(study).items():
        if "dataset" in options:
            found[f"data/{name}"] = {"kind": "dataset", "repo": options["dataset"]} | {
                key: options[key] for key in ("revision", "files")
            }
        elif "urls" in options:
            found[f"data/{name}"] = {"urls": options["urls"]}
    for name, recipe in study["models"].items():
        if recipe["recipe"] == "hub":
            files = [recipe["gguf"]] if "gguf" in recipe else None
            found[f"models/{name}"] = {"kind": "model", "files": files} | {
                key: recipe[key] for key in ("repo", "revision")
            }
    return found
