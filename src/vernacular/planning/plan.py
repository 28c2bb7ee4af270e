"""What a study will take, before anything is submitted: make plan, or python -m vernacular.planning.plan CONFIG...

GPUs, memory, hours of each training and answering, jobs, GPU hours, disk, bytes to fetch. All are estimates, from
parameter and token counts and the assumptions in resources/sizes.yaml; docs/resources.md has the formulas.
"""

import argparse
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from vernacular.adamame.options import PromptsOptions
from vernacular.evaluation.options import GenerationOptions
from vernacular.language.languages import ENGLISH
from vernacular.models.launch import processes
from vernacular.planning.estimate import (
    GB,
    decoding,
    machine,
    saved_bytes,
    training_memory,
    training_seconds,
    weight_width,
)
from vernacular.planning.sizes import cache_bytes, load_sizes, parameters, shape_of
from vernacular.storage.command import program
from vernacular.study.compile import Study, compile_study
from vernacular.study.layers import lay, read_layer
from vernacular.study.stages import prompts_options

ROOT = Path(__file__).parents[3]


@dataclass
class Work:
    """One job, and how many times it comes (seeds). Memory in bytes, of one GPU (or CPU process) and of the host."""

    rule: str
    name: str
    times: int
    gpus: int
    memory: float
    host: float
    hours: float
    disk: float
    note: str = ""


def trainings(study: Study) -> Iterator[Work]:
    for name, model in study.models.items():
        if not model.trained:
            continue
        recipe, gpus = model.options, model.options["resources"]["gpu"]
        memory = training_memory(study, name)
        whole = parameters(shape_of(study.models, name)) * weight_width(recipe)
        host = 3 * GB * processes(recipe) + (processes(recipe) * whole if gpus else processes(recipe) * memory)
        seconds = training_seconds(study, name, weight_width(recipe))
        note = "does not fit the GPU" if gpus and memory > machine(gpus)["memory_gb"] * GB else ""
        disk = saved_bytes(study, name)
        yield Work(model.recipe.rule, name, len(study.seeds), gpus, memory, host, seconds / 3600, disk, note)


def answering(
    study: Study, label: str, name: str, options: GenerationOptions | PromptsOptions, count: int, gpus: int
) -> Work:
    """Decoding `count` completions with a model; the rules `generate` and `make_rl_prompts`."""
    shape, width = shape_of(study.models, name), 2 if gpus or getattr(options, "dtype", None) == "bfloat16" else 4
    fast = options.engine == "vllm" and gpus
    side = min(machine(gpus)["sequences"] if fast else options.batch_size, max(count, 1))
    seconds = decoding(shape, count, options.max_new_tokens, gpus, side, width)
    length = load_sizes()["assumptions"]["prompt"] + options.max_new_tokens
    memory = parameters(shape) * width + side * length * cache_bytes(shape, width)
    if fast:  # vLLM takes all there is
        memory = 0.9 * machine(gpus)["memory_gb"] * GB
    host = 3 * GB + (parameters(shape) * width if gpus else memory)
    note = "does not fit the GPU" if gpus and memory > machine(gpus)["memory_gb"] * GB else ""
    return Work("generate", label, len(study.seeds), gpus, memory, host, seconds / 3600, count * 2000, note)


def questions_of(study: Study, benchmark: str, options: GenerationOptions) -> int:
    """How many questions an evaluation asks; a benchmark of unknown size counts as 250 a language, as MGSM has."""
    there = study.config["benchmarks"][benchmark].get("questions", {}).get(options.split) or 250
    total = 0
    for language in options.languages:
        asked = options.questions_en if language == ENGLISH and options.questions_en else options.questions
        total += min(asked or there, there)
    return total


def answerings(study: Study) -> Iterator[Work]:
    for (label, benchmark), answer in study.answers.items():
        count = questions_of(study, benchmark, answer.options) * answer.options.samples
        yield answering(study, f"{label} / {benchmark}", answer.model, answer.options, count, answer.resources["gpu"])
    for name in dict.fromkeys(m.options["from"] for m in study.models.values() if m.recipe.reads == "prompts"):
        options = prompts_options(study, name)
        questions = study.config["benchmarks"].get(options.benchmark, {}).get("questions", {}).get("train")
        low, high = options.hash_range
        count = round((questions or load_sizes()["assumptions"]["rows"]) * (high - low)) * options.candidates
        work = answering(study, name, name, options, count, study.config["rl"]["resources"]["gpu"])
        work.rule = "make_rl_prompts"
        yield work


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


def jobs(configs: list[str]) -> str:
    """Snakemake's own count of what is left to run, of the default target."""
    run = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1", "--quiet", "rules", "--configfile", *configs]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True)
    found = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("total ")]
    if done.returncode != 0:
        raise ValueError((done.stderr.strip() or done.stdout.strip()).splitlines()[-1].removeprefix("vernacular: "))
    return found[0] if found else "0"


def table(works: list[Work]) -> list[str]:
    """A line of Markdown for each, below two of a head."""
    head = ("rule", "model", "jobs", "GPUs", "GB a GPU", "GB host", "hours each", "GPU hours")
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for work in works:
        memory = f"{work.memory / GB:.1f}" if work.gpus else "-"
        cells = [
            work.rule,
            work.name,
            work.times,
            work.gpus or "-",
            memory,
            f"{work.host / GB:.1f}",
            f"{work.hours:.2f}",
        ]
        cells.append(f"{work.hours * work.gpus * work.times:.1f}" if work.gpus else "-")
        lines.append(f"| {' | '.join(map(str, cells))} |{f' {work.note}' if work.note else ''}")
    return lines


def report(study: Study, works: list[Work], count: str) -> str:
    hours = sum(work.hours * work.gpus * work.times for work in works)
    processor = sum(work.hours * work.times for work in works if not work.gpus)
    training = [work.disk for work in works if work.rule.startswith(("train_", "pretrain"))]
    disk = sum(work.disk * work.times for work in works) + 4 * max(training, default=0)
    gpu = machine(1)
    return "\n".join(
        [
            *table(works),
            "",
            f"jobs      {count} to run now, for the default target; the table has those that train or answer",
            f"GPU hours {hours:.1f} ({gpu['name']}, {gpu['training_share']:.0%} of {gpu['flops'] / 1e12:.0f} TFLOP/s)",
            f"CPU hours {processor:.1f} of jobs without a GPU",
            f"disk      {disk / GB:.1f} GB of models, generations and the checkpoints of one training",
            f"to fetch  {fetched(study) / GB:.1f} GB of models",
            "All figures are estimates: docs/resources.md has the formulas.",
        ]
    )


def overlay(works: list[Work]) -> str:
    """A configuration to lay over the study: `resources` of its models, from the plan."""
    found = {w.name: {"resources": asked_resources(w)} for w in works if w.rule.startswith(("train_", "pretrain"))}
    return yaml.safe_dump({"models": found}, sort_keys=False)


def read_study(configs: list[str]) -> Study:
    whole = lay([read_layer(path, path) for path in configs], ROOT / "config")
    return compile_study(whole, " + ".join(configs), ROOT / "config" / "claims.yaml")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", nargs="+", help="configuration files, laid over each other from left to right")
    parser.add_argument("--resources", action="store_true", help="print `resources` of the models as YAML instead")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    study = read_study(args.config)
    works = [*trainings(study), *answerings(study)]
    print(overlay(works) if args.resources else report(study, works, jobs(args.config)))
