"""A study's configuration: read, checked and resolved before any rule runs. Light: no torch, no pandas.

Every error is one line that names the file, the key and the nearest valid choice.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from vernacular.language.phrasebook import PHRASEBOOKS
from vernacular.models.launch import processes
from vernacular.storage.messages import nearest
from vernacular.study.launch import check_gpu_options
from vernacular.study.merge import check_merge
from vernacular.study.schema import StudyError, check, check_size, load_schema
from vernacular.study.slam import check_slam, resolved_layers
from vernacular.study.sources import check_sources, is_math, source_of
from vernacular.study.trainer_options import TAKEN, known_options
from vernacular.study.trajectories import add_checkpoints

CHAT_TEMPLATES = PHRASEBOOKS.parent / "chat_templates"

__all__ = ["StudyError", "check_owner", "evaluated", "evaluated_resources", "label", "resolve_study"]


def resolve_study(config: dict[str, Any], file: str) -> dict[str, Any]:
    """The configuration with every default filled in; a model that is null is left out.

    Raises StudyError for an unknown key, language, model, benchmark or recipe, a value out of range, or a cycle.
    """
    schema = load_schema()
    check_size(config, file)
    study = json.loads(json.dumps(config, default=str))  # plain data, ours to change
    if isinstance(study.get("models"), dict):
        study["models"] = {name: recipe for name, recipe in study["models"].items() if recipe is not None}
    check(study, schema, schema, "", file)
    recipes = schema["$defs"]["recipes"]
    for name, recipe in study["models"].items():
        place = f"models.{name}"
        if not isinstance(recipe, dict) or "recipe" not in recipe:
            raise StudyError(f"{file}: {place}: the key 'recipe' is missing; choose from: {', '.join(recipes)}")
        kind = recipe["recipe"]
        if kind not in list(recipes):
            raise StudyError(f"{file}: {place}.recipe: unknown recipe '{kind}'; {nearest(str(kind), recipes)}")
        check(recipe, recipes[kind], schema, place, file)
    check_sources(study, file)
    check_names(study, file)
    check_graph(study["models"], file)
    check_questions(study, file)
    for options in [*study["evaluations"], study.get("rl", {})]:
        if options.get("engine") == "transformers":
            del options["engine"]  # as where none is named
    for name, recipe in study["models"].items():
        check_gpu_options(name, recipe, file)
        check_training(name, recipe, file)
        if recipe["recipe"] == "slam":
            recipe["layers"] = resolved_layers(recipe["layers"], study, f"models.{name}.layers", file)
    add_checkpoints(study, file)
    evaluated(study, file)
    check_slam(study, file)
    check_merge(study, file)
    return study


def parts_of(study: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of every training set, with its place in the configuration."""
    for name, parts in study["data"].items():
        yield from ((f"data.{name}.{number}", options) for number, options in enumerate(parts))


def check_names(study: dict[str, Any], file: str) -> None:
    """Every language, benchmark and model that is named exists."""

    def known(place: str, names: list[str], choices: list[str], what: str) -> None:
        for name in names:
            if name not in choices:
                raise StudyError(f"{file}: {place}: {what} '{name}' is not {there[what]}; {nearest(name, choices)}")

    there = {
        "language": "among the study's languages",
        "evaluated language": "among the languages of this evaluation",
        "language of this set": "among the languages of this set",
        "set": "among the sets of the section 'data'",
        "benchmark": "among the study's benchmarks",
        "model": "among the study's models",
        "chat template": "among those of resources/chat_templates",
        "study language": "among those with a phrasebook (resources/phrasebook/<language>.yaml)",
    }
    languages, benchmarks, models = study["languages"], list(study["benchmarks"]), list(study["models"])
    known("languages", languages, sorted(path.stem for path in PHRASEBOOKS.glob("*.yaml")), "study language")
    for number, evaluation in enumerate(study["evaluations"]):
        place = f"evaluations.{number}"
        known(f"{place}.languages", evaluation["languages"], languages, "language")
        known(f"{place}.in_domain", evaluation["in_domain"], evaluation["languages"], "evaluated language")
        known(f"{place}.benchmarks", evaluation["benchmarks"], benchmarks, "benchmark")
        known(f"{place}.models", evaluation["models"], models, "model")
        if evaluation["temperature"] == 0 and evaluation["samples"] != 1:
            raise StudyError(
                f"{file}: {place}.samples: greedy decoding (temperature 0) gives one sample; set samples: 1"
            )
    if not any(evaluation["default"] for evaluation in study["evaluations"]):
        raise StudyError(
            f"{file}: evaluations: none has `default: true`, so `snakemake` without a target would make nothing"
        )
    for section in ("traces", "rl"):
        if section in study:
            known(f"{section}.languages", study[section]["languages"], languages, "language")
        if "benchmark" in study.get(section, {}):
            known(f"{section}.benchmark", [study[section]["benchmark"]], benchmarks, "benchmark")
    for place, options in parts_of(study):
        known(f"{place}.languages", options["languages"], languages, "language")
        known(f"{place}.shares", list(options["shares"]), options["languages"], "language of this set")
        known(f"{place}.benchmarks", list(options.get("benchmarks", [])), benchmarks, "benchmark")
    templates = sorted(path.stem for path in CHAT_TEMPLATES.glob("*.jinja"))
    for name, recipe in study["models"].items():
        if "chat_template" in recipe:
            known(f"models.{name}.chat_template", [recipe["chat_template"]], templates, "chat template")
    if "slam" in study:
        known("slam.languages", study["slam"]["languages"], languages, "language")
        known("slam.benchmark", [study["slam"]["benchmark"]], benchmarks, "benchmark")
        for key in ("reference", "baseline"):
            known(f"slam.{key}", [study["slam"][key]], models, "model")
    if "merge" in study:
        known("merge.low_resource", study["merge"]["low_resource"], languages, "language")
        for key in ("reference", "baseline", "model"):
            known(f"merge.{key}", [study["merge"][key]], models, "model")
    for name, recipe in study["models"].items():
        if "data" in recipe:
            known(f"models.{name}.data", [recipe["data"]], list(study["data"]), "set")
        for section, kind in (("traces", "sft"), ("rl", "grpo"), ("slam", "slam")):
            if recipe["recipe"] == kind and section not in study:
                raise StudyError(
                    f"{file}: models.{name}: the recipe '{kind}' needs the section '{section}', which is missing"
                )


def check_graph(models: dict[str, Any], file: str) -> None:
    """Every parent exists and no model descends from itself."""
    for name, recipe in models.items():
        chain, parent = [name], recipe.get("from")
        while parent is not None:
            if parent not in models:
                raise StudyError(
                    f"{file}: models.{chain[-1]}.from: unknown model '{parent}'; {nearest(parent, models)}"
                )
            if parent in chain:
                raise StudyError(f"{file}: models.{name}.from: a cycle: {' -> '.join([*chain, parent])}")
            chain.append(parent)
            parent = models[parent].get("from")


def check_questions(study: dict[str, Any], file: str) -> None:
    """Whatever reads questions finds some: ranges go upwards, splits are not empty, RL prompts are not SFT's."""
    benchmarks = study["benchmarks"]

    def upwards(place: str, pair: list[float], strictly: bool = False) -> None:
        if pair[0] > pair[1] or strictly and pair[0] == pair[1]:
            raise StudyError(f"{file}: {place}: {pair} runs from high to low or holds nothing; write [low, high]")

    def holds(place: str, name: str, split: str) -> None:
        form = source_of(study, name)
        if form and split not in form.splits:
            raise StudyError(
                f"{file}: {place}: the source of '{name}' has the splits {', '.join(form.splits)} alone, not '{split}'"
            )
        if not form and not benchmarks[name]["questions"][split]:
            raise StudyError(
                f"{file}: {place}: '{name}' has no questions there; set benchmarks.{name}.questions.{split}"
            )

    for name, benchmark in benchmarks.items():
        place = f"benchmarks.{name}"
        if benchmark["setting"] == "frame" and benchmark["steps"] != 1:
            raise StudyError(f"{file}: {place}.steps: a frame has one step, not {benchmark['steps']}")
        for key, pair in benchmark["numbers"].items():
            # Two statements need two numbers.
            upwards(f"{place}.numbers.{key}", pair, key == "opening" and benchmark["setting"] == "statements")
    for section in ("traces", "rl"):
        if "benchmark" in study.get(section, {}):
            name = study[section]["benchmark"]
            upwards(f"{section}.share", study[section]["share"], strictly=True)
            holds(f"{section}.benchmark", name, "train")
            if not is_math(study, name):
                raise StudyError(
                    f"{file}: {section}.benchmark: '{name}' has no word problems, whose answers are numbers"
                )
    if "traces" in study:
        upwards("traces.length", study["traces"]["length"])
    if study.get("traces", {}).get("benchmark") == study.get("rl", {}).get("benchmark") is not None:
        (low, high), (start, end) = study["traces"]["share"], study["rl"]["share"]
        if max(low, start) < min(high, end):
            raise StudyError(
                f"{file}: rl.share: [{start}, {end}] overlaps traces.share [{low}, {high}]: GRPO would train on SFT's "
                "questions"
            )
    for place, options in parts_of(study):
        for benchmark, share in options.get("benchmarks", {}).items():
            upwards(f"{place}.benchmarks.{benchmark}", share, strictly=True)
            if source_of(study, benchmark):
                raise StudyError(f"{file}: {place}.benchmarks: '{benchmark}' has a source; name it as `source` instead")
            holds(f"{place}.benchmarks", benchmark, "train")
            if options["task"] == "sums" and not is_math(study, benchmark):
                raise StudyError(f"{file}: {place}.benchmarks: '{benchmark}' holds no sums; name a mathematical one")
        if options["task"] == "translation" and set(options["languages"]) <= {"en"}:
            raise StudyError(f"{file}: {place}.languages: a translation into English needs another language")
    if "slam" in study:
        holds("slam.benchmark", study["slam"]["benchmark"], "dev")
    for number, evaluation in enumerate(study["evaluations"]):
        for benchmark in evaluation["benchmarks"]:
            holds(f"evaluations.{number}.benchmarks", benchmark, evaluation["split"])


def check_training(name: str, recipe: dict[str, Any], file: str) -> None:
    """Options of the trainers that would go wrong only hours later."""
    for section, kind in (("training", recipe["recipe"]), ("lora", "lora")):
        known = known_options(kind) if section in recipe else set()
        for key in recipe.get(section, {}):
            if key in TAKEN[kind]:
                raise StudyError(
                    f"{file}: models.{name}.{section}.{key}: the workflow sets this option itself; leave it out"
                )
            if known and key not in known:
                raise StudyError(
                    f"{file}: models.{name}.{section}.{key}: no option of this trainer; {nearest_option(key, known)}"
                )
    if recipe["recipe"] == "grpo":
        check_groups(recipe["training"], processes(recipe), f"{file}: models.{name}.training")


def nearest_option(key: str, known: set[str]) -> str:
    hint = nearest(key, sorted(known))
    return hint if hint.startswith("did") else "see the documentation of its configuration class"


def check_groups(options: dict[str, Any], count: int, place: str) -> None:
    """GRPO's groups fit into the batches of each of `count` processes, and checkpoints fall between the rollouts, which
    they do not hold."""
    if "loss_type" not in options:
        raise StudyError(
            f"{place}: the key 'loss_type' is missing: it changes the method, so it is never left to a default"
        )
    defaults = {"num_generations": 8, "per_device_train_batch_size": 8, "gradient_accumulation_steps": 1}
    defaults |= {"num_iterations": 1, "save_steps": 500}
    optional = [key for key in ("steps_per_generation", "generation_batch_size") if options.get(key) is not None]
    values: dict[str, Any] = {key: options.get(key, defaults.get(key)) for key in [*defaults, *optional]}
    for key, value in values.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise StudyError(f"{place}.{key}: {value!r} is no whole number above 0")
    if values["num_generations"] < 2:
        raise StudyError(f"{place}.num_generations: a group needs at least 2 completions to compare")
    group, batch = values["num_generations"], values["per_device_train_batch_size"]
    if batch % group:
        raise StudyError(
            f"{place}.per_device_train_batch_size: {batch} is no multiple of num_generations ({group}), so a group "
            f"would straddle two processes; the nearest is {max(round(batch / group), 1) * group}"
        )
    accumulated = values["gradient_accumulation_steps"]  # batches in a step; rollouts are counted in batches
    every = values.get("steps_per_generation", accumulated)
    if "generation_batch_size" in values:
        every = max(values["generation_batch_size"] // (batch * count), 1)
    every = math.lcm(every * values["num_iterations"], accumulated) // accumulated
    if (steps := values["save_steps"]) % every:
        raise StudyError(
            f"{place}.save_steps: {steps} is no multiple of {every}, the steps of one generation of rollouts, and a "
            f"checkpoint does not hold rollouts; the nearest is {max(round(steps / every), 1) * every}"
        )


def check_owner(study: dict[str, Any], files: Iterable[Path], shipped: Path, file: str) -> None:
    """A copied configuration that kept the name of a shipped study would write over that one's results."""
    used = {Path(path).resolve() for path in files}
    for path in sorted(shipped.rglob("*.yaml")):
        named = re.search(r"^study: *['\"]?([\w-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        if named and named[1] == study["study"] and path.resolve() not in used:
            raise StudyError(
                f"{file}: study: '{study['study']}' is the name of the study in {path.relative_to(shipped.parent)}; "
                "give yours a name of its own"
            )


def label(model: str, decoding: str) -> str:
    """How a model is called in generations, scores and tables: a decoding option makes a row of its own."""
    return model if decoding == "plain" else f"{model}+{decoding}"


ASKED = {"languages", "questions", "questions_en"}  # what a table may take a part of
GENERATION_OPTIONS = ["languages", "split", "questions", "questions_en", "samples", "temperature", "max_new_tokens"]
GENERATION_OPTIONS += ["batch_size", "dtype", "decoding", "translator", "engine"]


def evaluated(study: dict[str, Any], file: str) -> dict[tuple[str, str], tuple[str, dict[str, Any]]]:
    """(label, benchmark) -> (model, generation options) of everything that the evaluations name.

    Two evaluations may share a model and a benchmark, for instance in two tables. It is generated once, in one way, in
    all their languages and with the most questions that one of them asks; each table takes what its evaluation asks.
    """
    found: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
    for number, evaluation in enumerate(study["evaluations"]):
        options = {key: evaluation[key] for key in GENERATION_OPTIONS if key in evaluation}
        for model in evaluation["models"]:
            for benchmark in evaluation["benchmarks"]:
                key = (label(model, evaluation["decoding"]), benchmark)
                earlier = found.setdefault(key, (model, options))[1]
                for name in earlier | options:
                    if name not in ASKED and earlier.get(name) != options.get(name):
                        raise StudyError(
                            f"{file}: evaluations.{number}.{name}: {key[0]} on {benchmark} is generated by another "
                            "evaluation with another value; make them equal"
                        )
                found[key] = (model, {**options, **most_asked(earlier, options)})
    return found


def evaluated_resources(study: dict[str, Any]) -> dict[tuple[str, str], dict[str, int]]:
    """(label, benchmark) -> {gpu, mem_mb, runtime}: of each the most that an evaluation with them asks for."""
    found: dict[tuple[str, str], dict[str, int]] = {}
    for evaluation in study["evaluations"]:
        for model in evaluation["models"]:
            for benchmark in evaluation["benchmarks"]:
                key = (label(model, evaluation["decoding"]), benchmark)
                earlier = found.get(key, evaluation["resources"])
                found[key] = {name: max(value, earlier[name]) for name, value in evaluation["resources"].items()}
    return found


def most_asked(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Languages of both, and the larger number of questions; null is all of them."""
    most: dict[str, Any] = {"languages": list(dict.fromkeys([*one["languages"], *other["languages"]]))}
    for key, fallback in (("questions", "questions"), ("questions_en", "questions")):
        values = [options[key] if options[key] is not None else options[fallback] for options in (one, other)]
        most[key] = None if None in values else max(values)
    return most
