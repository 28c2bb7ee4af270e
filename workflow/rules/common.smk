# What the rules share: the checked study, the code hashes, paths and wildcards. No rules here.
import gc
import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(str(workflow.current_basedir)).parents[1]
SCRIPTS = ROOT / "workflow" / "scripts"
sys.path.insert(0, str(ROOT / "src"))
gc.freeze()  # Snakemake itself stays until the end: to look for garbage in it takes 0.2 s of a dry run

from vernacular.run.cluster import require_slurm
from vernacular.run.code import code_hash
from vernacular.language.phrasebook import PHRASEBOOKS, PhrasebookError, load_phrasebook
from vernacular.run.failures import summary
from vernacular.storage.files import remove_partial
from vernacular.models.launch import processes
from vernacular.study.licences import origins_of
from vernacular.study.resolve import (
    CHAT_TEMPLATES,
    StudyError,
    check_owner,
    evaluated,
    evaluated_resources,
    label,
    resolve_study,
)
from vernacular.study.claims import OF_LAYERS, OF_TIME, load_claims, sides
from vernacular.study.merge import merge_parents
from vernacular.study.sources import PHRASEBOOK, check_folders
from vernacular.study.trajectories import paths_of
from vernacular.storage.yaml_file import YamlError, read_yaml


def config_source():
    """The configuration files in use, each by what errors call it, and what they call all of them."""
    files = list(workflow.overwrite_configfiles)
    if not files and not workflow.modifier.skip_configfile:
        files = workflow.configfiles[-1:]
    names = [os.path.relpath(f) if Path(f).resolve().is_relative_to(Path.cwd()) else str(f) for f in files]
    if not files:
        names = ["the configuration of the module"]
    if workflow.config_settings.config:
        names.append("--config")
    return dict(zip(names, files)), " + ".join(names)


if workflow.is_main_process:
    require_slurm(sys.argv[1:])
CONFIG_FILES, CONFIG_FILE = config_source()
try:
    for name, path in CONFIG_FILES.items():
        read_yaml(path, name)  # Snakemake has done so, and takes the last of a key's values unsaid
    study = resolve_study(config, CONFIG_FILE)
    for language in study["languages"]:
        load_phrasebook(language)
    check_folders(study, CONFIG_FILE)
    CLAIMS = load_claims(
        study["claims"] or ROOT / "config" / "claims.yaml", (study.get("merge") or {}).get("reference")
    )
    if CONFIG_FILES:
        check_owner(study, CONFIG_FILES.values(), ROOT / "config", CONFIG_FILE)
except (StudyError, PhrasebookError, YamlError) as error:
    sys.exit(f"vernacular: {error}")

MODELS = study["models"]
RESULTS = f"results/{study['study']}"


pathvars:
    results=RESULTS,
    logs=f"{RESULTS}/logs",
    benchmarks=f"{RESULTS}/logs/benchmarks",


# A shell that is told to end waits for its script: a training answers SIGTERM with a checkpoint, which takes a moment.
shell.prefix("set -euo pipefail; trap : TERM; ")

# Jobs find the library without an installation, find what torch.compile compiled before, and never ask a hub.
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [str(ROOT / "src"), os.getenv("PYTHONPATH")])))
os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(ROOT / ".cache" / "inductor"))
# Big tensors come and go with every step: let glibc keep their memory (this takes a third off a step of GRPO on a CPU).
os.environ.setdefault("MALLOC_MMAP_THRESHOLD_", str(2**33))
os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", str(2**34))
os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")


def text(options, sort_keys=True):
    """Options as one stable string: what the rerun trigger `params` compares, and what scripts read.

    Snakemake's report writes it into a script of its page as it is, so no `<` may stand there.
    """
    return json.dumps(options, sort_keys=sort_keys).replace("<", "\\u003c")


def script(name):
    """A script's path; as a function of `threads` it is no part of the trigger `params`, or a moved repository would train anew."""

    def path(wildcards, threads):
        return str(SCRIPTS / name)

    return path


def code(name):
    """The hash of a script, as a function, so that a dry run parses the code of its own jobs and no other."""

    def hashed(wildcards):
        return code_hash(SCRIPTS / name)

    return hashed


def without_resources(options):
    """What a job asks a cluster for is no part of what it makes."""
    return {key: value for key, value in options.items() if key != "resources"}


def recipe(wildcards):
    return text(without_resources(MODELS[wildcards.model]))


def models_of(*recipes):
    """A wildcard constraint; one that nothing matches where the study has no such model."""
    names = [re.escape(name) for name, options in MODELS.items() if options["recipe"] in recipes]
    return "|".join(names) or "(?!)"


def parent(wildcards):
    return f"{RESULTS}/seed-{wildcards.seed}/models/{MODELS[wildcards.model]['from']}"


def phrasebooks(wildcards):
    """Relative where that stays below the working directory, so that a moved repository reruns nothing."""
    here = Path.cwd()
    folder = PHRASEBOOKS.relative_to(here) if PHRASEBOOKS.is_relative_to(here) else PHRASEBOOKS
    return [str(folder / f"{language}.yaml") for language in study["languages"]]


def phrasebook_benchmarks():
    return {n: o for n, o in study["benchmarks"].items() if o["source"] == PHRASEBOOK}


IDENTIFIER = text({"languages": study["languages"], **study["identifier"]})


EVALUATED = evaluated(study, CONFIG_FILE)  # (label, benchmark) -> (model, generation options)
EVALUATED_RESOURCES = evaluated_resources(study)


def scores_of(evaluations):
    """The score files of some evaluations, each once, in the order of the configuration."""
    found = {}
    for evaluation in evaluations:
        for seed in study["seeds"]:
            for benchmark in evaluation["benchmarks"]:
                for name in evaluation["models"]:
                    shown = label(name, evaluation["decoding"])
                    path = f"{RESULTS}/seed-{seed}/scores/{shown}/{benchmark}.parquet"
                    found[path] = None
    return list(found)


def asked(evaluations):
    """What some evaluations ask of each of their score files, which may hold more for others."""
    return {
        f"{label(name, evaluation['decoding'])}/{benchmark}": {
            key: evaluation[key] for key in ("languages", "questions", "questions_en")
        }
        for evaluation in evaluations
        for name in evaluation["models"]
        for benchmark in evaluation["benchmarks"]
    }


def evaluations_of(target):
    found = [e for e in study["evaluations"] if e["target"] == target]
    if not found:
        sys.exit(
            f"vernacular: {CONFIG_FILE}: evaluations: none has the target '{target}', so there is nothing to make for it"
        )
    return found


def default_evaluations():
    return [e for e in study["evaluations"] if e["default"]]


# --- what the rules of the corpus take


def filter_options(wildcards):
    shortest, longest = study["traces"]["length"]
    return text({"length": {"minimum": shortest, "maximum": longest}})


# --- what a study ends with


def trained(evaluations):
    """The GRPO models of some evaluations, whose histories a figure shows."""
    names = dict.fromkeys(name for e in evaluations for name in e["models"])
    return [name for name in names if MODELS[name]["recipe"] == "grpo"]


def figure(name):
    """The three files of a figure: for pages, for print, its numbers."""
    return [f"{RESULTS}/figures/{name}.{kind}" for kind in ("png", "svg", "csv")]


def curves(name):
    """The files of both figures of a training, which one rule draws."""
    return [*figure(name), *figure(f"{name}-languages")]


def final_outputs():
    """Every score file, table and figure, so that a deleted one is made again."""
    wanted = [
        *scores_of(default_evaluations()),
        f"{RESULTS}/tables/scores.csv",
        *figure("pareto"),
        *figure("languages"),
        f"{RESULTS}/tables/claims.csv",
        f"{RESULTS}/index.html",
        *leaks_file("leaks"),
    ]
    if DOWNLOADS:
        wanted.append(f"{RESULTS}/downloads.json")
    if "traces" in study:
        wanted += [f"{RESULTS}/corpus/filter.csv", f"{RESULTS}/corpus/filter_quality.csv"]
    if any(e["target"] == "slam" for e in default_evaluations()):
        wanted += slam_outputs(None)
    if any(e["target"] == "slam-sweep" for e in default_evaluations()):
        wanted += sweep_outputs(None)
    if any(e["target"] == "merge" for e in default_evaluations()):
        wanted += merge_outputs(None)
    if trained(default_evaluations()):
        wanted += curves("training")
    return wanted


def target_outputs(target):
    """What a named part of the study makes; a function, so that a study without that part is no error until it is asked for."""

    def outputs(wildcards):
        evaluations = evaluations_of(target)
        if all(e["default"] for e in evaluations):
            return [*scores_of(evaluations), *final_outputs()]
        wanted = [*scores_of(evaluations), f"{RESULTS}/tables/{target}.csv"]
        if target == "schedules":
            wanted.append(f"{RESULTS}/tables/{target}-claims.csv")
        wanted += [*leaks_file(f"{target}-leaks"), *page_file(target)]
        return wanted + curves(target) * bool(trained(evaluations))

    return outputs


wildcard_constraints:
    seed=r"\d+",
    split="train|dev|test",
    data="|".join(map(re.escape, study["data"])) or "(?!)",
    benchmark="|".join(re.escape(name) for name in study["benchmarks"]),
    evaluated="|".join(re.escape(name) for name in dict.fromkeys(n for n, _ in EVALUATED)),
