# What the rules that fetch, and those of the corpus, take. No rules here.
from vernacular.study.sources import downloads_of, source_of

DOWNLOADS = downloads_of(study)  # place below downloads/ -> what to fetch


def download_options(wildcards):
    return text(DOWNLOADS[wildcards.fetched])


def download_mirror(wildcards, threads):
    """Where the files come from is no part of what they are, nor of the trigger `params`; see script()."""
    return study["sources"].get("mirror") or ""


def download_records(wildcards):
    return [f"{RESULTS}/downloads/{name}.json" for name in DOWNLOADS]


wildcard_constraints:
    fetched="|".join(map(re.escape, DOWNLOADS)) or "(?!)",


# --- what the rules of the corpus take


def source_folder(name):
    """Where a source's files are: in the folder that the configuration names, or where they were fetched to."""
    return study["sources"][name].get("folder") or f"{RESULTS}/downloads/data/{name}"


def source_inputs(names):
    """What must be there of some sources: each file of a folder of one's own, or the folder that is fetched.

    A folder that is not there yet stops no dry run; the script that wants it says so.
    """
    found = {}
    for name in names:
        own = study["sources"][name].get("folder")
        files = sorted(str(path) for path in Path(own).rglob("*") if path.is_file()) if own else [source_folder(name)]
        found |= dict.fromkeys(files)
    return list(found)


def places(names):
    """What a script reads of some sources."""
    return {name: {"format": study["sources"][name]["format"], "folder": source_folder(name)} for name in names}


def asked_benchmarks(split):
    """Of the training questions only those that traces and RL prompts come from: training sets draw their own.

    Nothing waits for a source that has no questions of the split.
    """
    trained = {study[section].get("benchmark") for section in ("traces", "rl") if section in study}
    wanted = {n: o for n, o in study["benchmarks"].items() if split != "train" or n in trained}
    return {n: o for n, o in wanted.items() if not (form := source_of(study, n)) or split in form.splits}


def asked_sources(split):
    return list(dict.fromkeys(o["source"] for o in asked_benchmarks(split).values() if o["source"] != PHRASEBOOK))


def question_sources(wildcards):
    return source_inputs(asked_sources(wildcards.split))


def questions_options(wildcards):
    sources = places(asked_sources(wildcards.split))
    shared = {"languages": study["languages"], "sources": sources, "seed": study["seeds"][0]}
    return text({"benchmarks": asked_benchmarks(wildcards.split), **shared})


def sources_of_set(wildcards):
    return [part["source"] for part in study["data"][wildcards.data] if "source" in part]


def training_sources(wildcards):
    return source_inputs(sources_of_set(wildcards))


def training_data_options(wildcards):
    data = study["data"][wildcards.data]
    named = {name for part in data for name in part.get("benchmarks", {})}
    benchmarks = {n: o for n, o in phrasebook_benchmarks().items() if n in named}
    sources = places(sources_of_set(wildcards))
    return text(
        {"benchmarks": benchmarks, "data": data, "seed": study["seeds"][0]} | ({"sources": sources} if sources else {})
    )


def traces_place(wildcards):
    source = study["traces"].get("source")
    return source_folder(source) if source else f"{RESULTS}/corpus/questions/train.parquet"


def trace_sources(wildcards):
    source = study["traces"].get("source")
    return source_inputs([source]) if source else [traces_place(wildcards)]


def traces_options(wildcards):
    if source := study["traces"].get("source"):
        return text({"format": study["sources"][source]["format"], "languages": study["traces"]["languages"]})
    options = {key: study["traces"][key] for key in ("benchmark", "languages", "share", "flaws")}
    return text({"benchmarks": phrasebook_benchmarks(), **options})
