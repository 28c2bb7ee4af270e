"""The jobs of a study, each with what it needs: GPUs, memory by part, hours and disk.

All are estimates, from parameter and token counts and the assumptions in resources/sizes.yaml; docs/resources.md has
the formulas.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
from vernacular.study.compile import Study
from vernacular.study.graph import prompt_parents
from vernacular.study.stages import prompts_options


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
    prompts: int,
    samples: int,
    resources: dict[str, int],
) -> Work:
    """Decoding `samples` completions of each prompt with a model; the rules `generate` and `make_rl_prompts`."""
    count = prompts * samples
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
    seconds = decoding(shape, prompts, count, options.max_new_tokens, gpus, side, width)
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
        options, label = answer.options, f"{evaluation} / {benchmark}"
        asked = questions_of(study, benchmark, options)
        work = answering(study, label, answer.model, options, asked, options.samples, answer.resources)
        if study.models[answer.model].parts:
            work.rule = "generate_merged"
        yield work
    for name in prompt_parents(study.models, study.models):
        tried = prompts_options(study, name)
        low, high = tried.hash_range
        asked = round(questions_there(study, tried.benchmark) * (high - low))
        work = answering(study, name, name, tried, asked, tried.candidates, study.config["rl"]["resources"])
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
