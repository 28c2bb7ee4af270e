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

from vernacular.cluster import require_slurm
from vernacular.code import code_hash
from vernacular.corpus.phrasebook import PHRASEBOOKS, PhrasebookError, load_phrasebook
from vernacular.failures import summary
from vernacular.files import remove_partial
from vernacular.launch import processes
from vernacular.licences import origins_of
from vernacular.study import (
    CHAT_TEMPLATES,
    StudyError,
    check_owner,
    evaluated,
    evaluated_resources,
    label,
    resolve_study,
)
from vernacular.study_claims import OF_LAYERS, OF_TIME, load_claims, sides
from vernacular.study_merge import merge_parents
from vernacular.study_sources import PHRASEBOOK, check_folders
from vernacular.study_trajectories import paths_of
from vernacular.yaml_file import YamlError, read_yaml


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
    CLAIMS = load_claims(study["claims"] or ROOT / "config" / "claims.yaml")
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
    return code_hash(SCRIPTS / name)


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


# --- what the rules of the models take


def folder_source(wildcards):
    """A folder of one's own, or where a model of the hub was fetched to."""
    return MODELS[wildcards.model].get("path", f"{RESULTS}/downloads/models/{wildcards.model}")


def download_record(wildcards):
    return [] if "path" in MODELS[wildcards.model] else [f"{RESULTS}/downloads/models/{wildcards.model}.json"]


def chat_template(wildcards):
    name = MODELS[wildcards.model].get("chat_template")
    return [str(CHAT_TEMPLATES / f"{name}.jinja")] if name else []


def checkpoint_step(wildcards):
    return MODELS[wildcards.model]["step"]


def checkpoint_parent(wildcards):
    """What the checkpoint's training started from: kept adapters are merged into that."""
    if not checkpoint_step(wildcards):
        return []
    return f"{RESULTS}/seed-{wildcards.seed}/models/{MODELS[MODELS[wildcards.model]['from']]['from']}"


def training_data(wildcards):
    return f"{RESULTS}/corpus/training/{MODELS[wildcards.model]['data']}.parquet"


def checkpoints(wildcards):
    return f"{RESULTS}/seed-{wildcards.seed}/checkpoints"


def recipe_threads(wildcards):
    return MODELS[wildcards.model]["threads"] * processes(MODELS[wildcards.model])


def rl_options(wildcards):
    return text(without_resources(study["rl"]))


def rl_prompts_of_parent(wildcards):
    return f"{RESULTS}/seed-{wildcards.seed}/corpus/rl/{MODELS[wildcards.model]['from']}.parquet"


# --- what the rules of the evaluation take


def evaluated_model(wildcards):
    model = EVALUATED[wildcards.evaluated, wildcards.benchmark][0]
    return f"{RESULTS}/seed-{wildcards.seed}/models/{model}"


def evaluated_as(how):
    """A wildcard constraint of the models that are evaluated alone, as a merge, or behind a translator."""

    def kind(model, options):
        return "merged" if merge_parents(MODELS, model) else "translated" if options["translator"] else "alone"

    names = [re.escape(name) for (name, _), value in EVALUATED.items() if kind(*value) == how]
    return "|".join(dict.fromkeys(names)) or "(?!)"


def evaluated_part(part):
    """The folder of an evaluated merge's `encoder` or `llm`, without which its connector is nothing."""

    def path(wildcards):
        model = EVALUATED[wildcards.evaluated, wildcards.benchmark][0]
        return f"{RESULTS}/seed-{wildcards.seed}/models/{merge_parents(MODELS, model)[part]}"

    return path


def translator(wildcards):
    options = EVALUATED[wildcards.evaluated, wildcards.benchmark][1]
    return f"{RESULTS}/seed-{wildcards.seed}/models/{options['translator']}"


def evaluated_questions(wildcards):
    split = EVALUATED[wildcards.evaluated, wildcards.benchmark][1]["split"]
    return f"{RESULTS}/corpus/questions/{split}.parquet"


def generation_threads(wildcards, threads):
    """torch's threads, which {threads} would cut to --cores; no part of the trigger `params`, as with script()."""
    return study["threads"]


def generation_options(wildcards):
    options = EVALUATED[wildcards.evaluated, wildcards.benchmark][1]
    return text({key: value for key, value in options.items() if key != "translator"})


def table_evaluations(name):
    return default_evaluations() if name == "scores" else evaluations_of(name.removesuffix("-scores"))


def table_scores(wildcards):
    return scores_of(table_evaluations(wildcards.table))


def table_options(wildcards):
    return summary_options(wildcards.table)


def summary_options(name):
    """What tables and figures say beside the scores: the study's name and scale, and which languages are in-domain."""
    evaluations = table_evaluations(name)
    in_domain = dict.fromkeys(code for e in evaluations for code in e["in_domain"])
    return text(
        {
            "asked": asked(evaluations),
            "study": study["study"],
            "scale": study["scale"],
            "in_domain": list(in_domain),
            "draws": study["bootstrap"],
        }
    )


# --- what the figures take


def default_scores(wildcards):
    return scores_of(default_evaluations())


def default_options(wildcards):
    return summary_options("scores")


def curve_evaluations(wildcards):
    return default_evaluations() if wildcards.curves == "training" else evaluations_of(wildcards.curves)


def curve_models(wildcards):
    return [
        f"{RESULTS}/seed-{seed}/models/{name}"
        for name in trained(curve_evaluations(wildcards))
        for seed in study["seeds"]
    ]


def curve_options(wildcards):
    return summary_options("scores" if wildcards.curves == "training" else wildcards.curves)


def trajectories_options(wildcards):
    return text({"study": study["study"], "scale": study["scale"], "paths": paths_of(study)}, sort_keys=False)


# --- what a study ends with


def trained(evaluations):
    """The GRPO models of some evaluations, whose histories a figure shows."""
    names = dict.fromkeys(name for e in evaluations for name in e["models"])
    return [name for name in names if MODELS[name]["recipe"] == "grpo"]


def final_outputs():
    """Every score file, table and figure, so that a deleted one is made again."""
    wanted = [
        *scores_of(default_evaluations()),
        f"{RESULTS}/tables/scores.csv",
        *(f"{RESULTS}/figures/pareto.{kind}" for kind in ("png", "svg", "csv")),
        f"{RESULTS}/figures/languages.png",
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
        wanted.append(f"{RESULTS}/figures/training.png")
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
        return wanted + [f"{RESULTS}/figures/{target}.png"] * bool(trained(evaluations))

    return outputs


wildcard_constraints:
    seed=r"\d+",
    split="train|dev|test",
    data="|".join(map(re.escape, study["data"])) or "(?!)",
    benchmark="|".join(re.escape(name) for name in study["benchmarks"]),
    evaluated="|".join(re.escape(name) for name in dict.fromkeys(n for n, _ in EVALUATED)),
