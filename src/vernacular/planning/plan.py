"""What a study will take, before anything is submitted: `make plan`, or `vernacular plan CONFIG...`

GPUs, memory of a GPU by part, hours and disk of each training and answering, jobs, GPU hours, bytes to fetch, and which
key to change where a job does not fit what it asks for. All are estimates, from parameter and token counts and the
assumptions in resources/sizes.yaml; docs/resources.md has the formulas.
"""

import argparse
import json
import math
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import yaml

from vernacular.adamame.options import PromptsOptions
from vernacular.evaluation.options import GenerationOptions
from vernacular.language.languages import ENGLISH
from vernacular.models.launch import processes
from vernacular.planning.estimate import checkpoint_bytes, decoding, known_rows, machine, saved_bytes, training_seconds
from vernacular.planning.memory import (
    GB,
    MB,
    Memory,
    answer_memory,
    engine_memory,
    engine_rows,
    gpu_bytes,
    to_lower,
    training_memory,
    weight_width,
)
from vernacular.planning.sizes import load_sizes, parameters, shape_of
from vernacular.storage.command import program
from vernacular.storage.messages import nearest
from vernacular.storage.resources import workflow_root
from vernacular.study.compile import DEFAULT, EVERY, Study, Target, compile_study
from vernacular.study.evaluations import label as label_of
from vernacular.study.graph import with_ancestors
from vernacular.study.layers import lay, read_layer
from vernacular.study.stages import prompts_options

ROOT = workflow_root()
EVERYTHING = "everything"  # all that the study evaluates
USAGE = """\
examples:
  vernacular plan config/config.yaml
  vernacular plan config/config.yaml mine.yaml
  vernacular plan config/paper/adamame-qwen3-4b.yaml --resources > resources.yaml
  vernacular plan config/config.yaml --json

exit status: 0; 2 for a configuration that is not a study"""


@dataclass
class Work:
    """One job, and how many times it comes (seeds). Bytes: memory of one GPU (of a CPU process) by part; host; disk,
    what it leaves; scratch, checkpoints while it runs. depth: how many trainings come before. note: what does not fit.
    """

    rule: str
    name: str
    times: int
    resources: dict[str, int]
    memory: Memory
    host: float
    hours: float
    disk: float
    scratch: float = 0.0
    depth: int = 0
    note: str = ""

    @property
    def gpus(self) -> int:
        return self.resources["gpu"]


def trainings(study: Study) -> Iterator[Work]:
    for name, model in study.models.items():
        if not model.trained:
            continue
        recipe, resources = model.options, model.options["resources"]
        memory = training_memory(study, name)
        weights = parameters(shape_of(study.models, name)) * weight_width(recipe)
        each = 3 * GB + (weights if resources["gpu"] else memory.peak)
        seconds = training_seconds(study, name, weight_width(recipe))
        work = Work(
            model.recipe.rule,
            name,
            len(study.seeds),
            resources,
            memory,
            each * processes(recipe),
            seconds / 3600,
            saved_bytes(study, name),
            checkpoint_bytes(study, name),
            sum(study.models[other].trained for other in model.ancestors),
        )
        work.note = misfit(work, recipe)
        yield work


def misfit(work: Work, recipe: dict[str, Any] | None = None) -> str:
    """What a job needs but does not ask for, and the key to change; "" where it fits. recipe: a training's."""
    found = []
    if work.gpus and work.memory.peak > gpu_bytes(work.resources):
        has = work.resources["gpu_mem_mb"] / 1000
        advice = to_lower(work.memory, recipe)
        found.append(f"{work.memory.peak / GB:.1f} GB do not fit the GPU of {has:.0f}: {advice}")
    if work.gpus and work.host / MB > work.resources["mem_mb"]:
        found.append(f"raise resources.mem_mb to {asked_resources(work)['mem_mb']}")
    if work.gpus and work.hours * 60 > work.resources["runtime"]:
        found.append(f"raise resources.runtime to {asked_resources(work)['runtime']}, and limits.runtime")
    return "; ".join(found)


def answering(
    study: Study,
    label: str,
    name: str,
    options: GenerationOptions | PromptsOptions,
    count: int,
    resources: dict[str, int],
) -> Work:
    """Decoding `count` completions with a model; the rules `generate` and `make_rl_prompts`."""
    shape, gpus = shape_of(study.models, name), resources["gpu"]
    width = 2 if gpus or getattr(options, "dtype", None) == "bfloat16" else 4
    prompt = load_sizes()["assumptions"]["prompt"]
    if options.engine == "vllm" and gpus:
        mean = prompt + round(options.max_new_tokens * load_sizes()["assumptions"]["decoded_share"])
        side = min(machine(gpus)["sequences"], engine_rows(study, name, 0.9, resources, mean, width), max(count, 1))
        memory = engine_memory(resources)
    else:
        length = prompt + options.max_new_tokens
        side = min(max(options.batch_tokens // length, 1), max(count, 1))
        memory = answer_memory(study.models, name, side, prompt, options.max_new_tokens, width)
    seconds = decoding(shape, count, options.max_new_tokens, gpus, side, width)
    host = 3 * GB + (parameters(shape) * width if gpus else memory.peak)
    work = Work("generate", label, len(study.seeds), resources, memory, host, seconds / 3600, count * 2000)
    work.note = misfit(work)
    return work


def questions_of(study: Study, benchmark: str, options: GenerationOptions) -> int:
    """How many questions an evaluation asks; a benchmark of unknown size counts as 250 a language, as MGSM has."""
    there = study.config["benchmarks"][benchmark].get("questions", {}).get(options.split) or 250
    total = 0
    for language in options.languages:
        asked = options.questions_en if language == ENGLISH and options.questions_en else options.questions
        total += min(asked or there, there)
    return total


def questions_there(study: Study, benchmark: str) -> int:
    """Training questions of a benchmark, each in one language."""
    about = study.config["benchmarks"][benchmark]
    known = about.get("questions", {}).get("train")
    if known is None and about["source"] in study.config["sources"]:
        known = known_rows(study.config, about["source"])
    return known or load_sizes()["assumptions"]["rows"]


def answerings(study: Study) -> Iterator[Work]:
    for (evaluation, benchmark), answer in study.answers.items():
        count = questions_of(study, benchmark, answer.options) * answer.options.samples
        work = answering(study, f"{evaluation} / {benchmark}", answer.model, answer.options, count, answer.resources)
        if study.models[answer.model].parts:
            work.rule = "generate_merged"
        yield work
    for name in dict.fromkeys(m.options["from"] for m in study.models.values() if m.recipe.reads == "prompts"):
        options = prompts_options(study, name)
        low, high = options.hash_range
        count = round(questions_there(study, options.benchmark) * (high - low)) * options.candidates
        work = answering(study, name, name, options, count, study.config["rl"]["resources"])
        work.rule = "make_rl_prompts"
        yield work


def peak_disk(study: Study, works: list[Work]) -> float:
    """Bytes of a study's folder at the most: what was fetched, all that jobs leave, and the checkpoints of the
    trainings that may run at once, which are those that as many others come before."""
    scratch: dict[int, float] = {}
    for work in works:
        scratch[work.depth] = scratch.get(work.depth, 0) + work.scratch * work.times
    return fetched(study) + sum(work.disk * work.times for work in works) + max(scratch.values(), default=0)


def fetched(study: Study) -> int:
    """Bytes of the hub models. The sizes of data sets are not known; they are small compared with the models."""
    repositories = {model.options["repo"] for model in study.models.values() if "repo" in model.options}
    known = load_sizes()["models"]
    return sum(round(known[repo]["parameters"] * 1e9 * known[repo]["bytes"]) for repo in repositories)


def asked_resources(work: Work) -> dict[str, int]:
    """What to put into `resources` of the configuration: memory and minutes with some room."""
    room = load_sizes()["assumptions"]["tries"]
    return {
        "gpu": work.gpus,
        "mem_mb": math.ceil(work.host * 1.2 / 1e9) * 1000,
        "runtime": max(math.ceil(work.hours * 60 * room / 10) * 10, 10),
    }


def dry_run(configs: list[str], targets: list[str]) -> str:
    """What Snakemake says would run. Raises ValueError with its last line where it refuses."""
    run = [sys.executable, "-P", "-m", "snakemake", *targets, "--snakefile", str(ROOT / "Snakefile"), "--dry-run"]
    run += ["--cores", "1", "--configfile", *configs]
    done = subprocess.run(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise ValueError(done.stdout.strip().splitlines()[-1].removeprefix("vernacular: "))
    return done.stdout


def jobs(said: str) -> dict[str, int]:
    """Rule -> its jobs, and `total`, in what Snakemake said."""
    stats = said.partition("Job stats:")[2].partition("\n\n")[0]
    rows = re.findall(r"^(\w[\w-]*) +(\d+)$", stats, re.MULTILINE)
    return {"total": 0} | {rule: int(count) for rule, count in rows}


def names_of(study: Study) -> list[str]:
    """The targets that a plan can be about: those of Snakemake, and EVERYTHING."""
    return ["all", *(target.name for target in study.named_targets), EVERYTHING]


def target_of(study: Study, name: str) -> Target:
    if name not in names_of(study):
        raise ValueError(f"--target: the study has no target '{name}'; {nearest(name, names_of(study))}")
    return study.targets[{"all": DEFAULT, EVERYTHING: f"{EVERY}-"}.get(name, f"{name}-")]


def of_target(study: Study, works: list[Work], target: Target) -> list[Work]:
    """Those of some jobs that a target takes, with the trainings of all models behind its own."""
    translators = [e["translator"] for e in target.evaluations if e["translator"]]
    models = {*with_ancestors(study.models, [*target.models, *translators])}
    parents = {study.models[name].options["from"] for name in models if study.models[name].recipe.reads == "prompts"}
    answers = {
        f"{label_of(model, e['decoding'])} / {benchmark}"
        for e in target.evaluations
        for model in e["models"]
        for benchmark in e["benchmarks"]
    }
    wanted = {"make_rl_prompts": parents, "generate": answers, "generate_merged": answers}
    return [work for work in works if work.name in wanted.get(work.rule, models)]


def table(works: list[Work]) -> list[str]:
    """A line of Markdown for each, below two of a head; GB of one GPU by part, and their peak."""
    head = ["rule", "model", "jobs", "GPUs", *Memory().parts, "GB a GPU", "GB host"]
    head += ["hours each", "GPU hours", "GB disk", "fits"]
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for work in works:
        held = [size / GB for size in work.memory.parts.values()]
        cells = [work.rule, work.name, str(work.times), str(work.gpus or "-")]
        cells += [f"{size:.1f}" if work.gpus and size else "-" for size in (*held, work.memory.peak / GB)]
        cells += [f"{work.host / GB:.1f}", f"{work.hours:.2f}"]
        cells.append(f"{work.hours * work.gpus * work.times:.1f}" if work.gpus else "-")
        cells.append(f"{(work.disk + work.scratch) / GB:.1f}")
        cells.append(work.note or "yes")
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def section(study: Study, works: list[Work]) -> list[str]:
    """What docs/resources.md has of a configuration."""
    hours = gpu_hours(works)
    disk, download = peak_disk(study, works) / GB, fetched(study) / GB
    return [f"{hours:.0f} GPU hours; {disk:.0f} GB of disk, {download:.0f} GB of models to fetch.", "", *table(works)]


def report(study: Study, works: list[Work], name: str, count: int) -> str:
    """The plan of a target: its jobs, what they sum up to, and a line for each target of the study. works: all."""
    own = of_target(study, works, target_of(study, name))
    gpu = machine(1)
    speed = f"{gpu['name']}, {gpu['training_share']:.0%} of {gpu['flops'] / 1e12:.0f} TFLOP/s"
    wrong = sum(bool(work.note) for work in own)
    return "\n".join(
        [
            *table(own),
            "",
            f"The target {name}, whose trainings and generations are in the table:",
            f"jobs      {count} of all kinds left to run now",
            f"GPU hours {gpu_hours(own):.1f} ({speed})",
            f"CPU hours {cpu_hours(own):.1f} of jobs without a GPU",
            f"disk      {peak_disk(study, own) / GB:.1f} GB at peak: models, generations, checkpoints, downloads",
            f"to fetch  {fetched(study) / GB:.1f} GB of models, for all targets",
            f"fits      {'all' if not wrong else f'not {wrong} of {len(own)}: see the last column'}",
            "",
            "Each target from scratch, with all models that it needs (make plan TARGET=NAME shows one):",
            *totals(study, works),
            "All figures are estimates: docs/resources.md has the formulas.",
        ]
    )


def gpu_hours(works: list[Work]) -> float:
    return sum(work.hours * work.gpus * work.times for work in works)


def cpu_hours(works: list[Work]) -> float:
    return sum(work.hours * work.times for work in works if not work.gpus)


def totals(study: Study, works: list[Work]) -> list[str]:
    lines = [f"{'target':<24} trainings  answers  GPU hours  CPU hours"]
    for name in names_of(study):
        own = of_target(study, works, target_of(study, name))
        trained = sum(work.times for work in own if work.rule.startswith(("train_", "pretrain")))
        answered = sum(work.times for work in own) - trained
        lines.append(f"{name:<24} {trained:>9} {answered:>8} {gpu_hours(own):>10.1f} {cpu_hours(own):>10.1f}")
    return lines


def overlay(works: list[Work]) -> str:
    """A configuration to lay over the study: `resources` of its models, from the plan."""
    found = {w.name: {"resources": asked_resources(w)} for w in works if w.rule.startswith(("train_", "pretrain"))}
    return yaml.safe_dump({"models": found}, sort_keys=False)


def read_study(configs: list[str]) -> Study:
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")  # of its names, which it keeps
    whole = lay([read_layer(path, path) for path in configs], ROOT / "config")
    return compile_study(whole, " + ".join(configs), ROOT / "config" / "claims.yaml")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", nargs="+", help="configuration files, laid over each other from left to right")
    parser.add_argument("--target", default="all", metavar="NAME", help=f"a target (default: all) or {EVERYTHING}")
    parser.add_argument("--resources", action="store_true", help="print `resources` of the models as YAML instead")
    parser.add_argument(
        "--json", action="store_true", help="print the jobs as JSON: bytes, hours, and what does not fit"
    )


def work(args: argparse.Namespace) -> None:
    study = read_study(args.config)
    target_of(study, args.target)
    works = [*trainings(study), *answerings(study)]
    if args.json:
        print(json.dumps([{**asdict(one), "memory": one.memory.parts, "peak": one.memory.peak} for one in works]))
        return
    if args.resources:
        print(overlay(works))
        return
    asked = names_of(study)[:-1] if args.target == EVERYTHING else [args.target]
    print(report(study, works, args.target, jobs(dry_run(args.config, asked))["total"]))


main = program(__name__, __file__, __doc__, arguments)(work)
