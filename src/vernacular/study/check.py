"""What a configuration names must exist, hold something and fit together. Every error is one line (StudyError)."""

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from vernacular.language.languages import ENGLISH
from vernacular.models.launch import processes
from vernacular.planning.sizes import HEADS, LAYERS, WIDTH
from vernacular.storage.messages import nearest
from vernacular.storage.resources import resource
from vernacular.study.recipes import RECIPES, SECTIONS
from vernacular.study.schema import StudyError
from vernacular.study.slam import is_chosen
from vernacular.study.sources import is_math, source_of
from vernacular.study.trainer_options import is_optional, known_options, taken_options, wrong_value

CHAT_TEMPLATES = resource("chat_templates")

SIZES = (*LAYERS, *HEADS, *WIDTH, "head_dim", "d_kv", "d_ff", "max_position_embeddings")


def parts_of(study: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of every training set, with its place in the configuration."""
    for name, parts in study["data"].items():
        yield from ((f"data.{name}.{number}", options) for number, options in enumerate(parts))


def check_names(study: dict[str, Any]) -> None:
    """Every language, benchmark, model and set that is named must exist."""
    for number, evaluation in enumerate(study["evaluations"]):
        check_evaluation_names(study, evaluation, f"evaluations.{number}")
    if not any(evaluation["default"] for evaluation in study["evaluations"]):
        raise StudyError("evaluations: none has `default: true`, so `snakemake` without a target would make nothing")
    for section in (*SECTIONS.values(), "slam", "merge"):
        check_section_names(study, section)
    for place, options in parts_of(study):
        check_named(study, f"{place}.languages", options["languages"])
        where = "the languages of this set"
        known(f"{place}.shares", options["shares"], options["languages"], "language of this set", where)
        check_named(study, f"{place}.benchmarks", options.get("benchmarks", []))
    for name, recipe in study["models"].items():
        check_recipe_names(study, recipe, f"models.{name}")


def check_evaluation_names(study: dict[str, Any], evaluation: dict[str, Any], place: str) -> None:
    check_named(study, f"{place}.languages", evaluation["languages"])
    where = "the languages of this evaluation"
    known(f"{place}.in_domain", evaluation["in_domain"], evaluation["languages"], "evaluated language", where)
    for key in ("benchmarks", "models"):
        check_named(study, f"{place}.{key}", evaluation[key])
    if evaluation["temperature"] == 0 and evaluation["samples"] != 1:
        raise StudyError(f"{place}.samples: greedy decoding (temperature 0) gives one sample; set samples: 1")


def check_section_names(study: dict[str, Any], section: str) -> None:
    options = study.get(section, {})
    for key in ("languages", "low_resource"):
        check_named(study, f"{section}.{key}", options.get(key, []), "languages")
    check_named(study, f"{section}.benchmark", named(options, "benchmark"), "benchmarks")
    for key in ("reference", "baseline", "model"):
        where = f"the study's models (`{section}: null` removes the section)"
        known(f"{section}.{key}", named(options, key), study["models"], "model", where)
    check_named(study, f"{section}.probes", options.get("probes", []), "models")


def check_recipe_names(study: dict[str, Any], recipe: dict[str, Any], place: str) -> None:
    templates = sorted(path.stem for path in CHAT_TEMPLATES.glob("*.jinja"))
    where = "those of resources/chat_templates"
    known(f"{place}.chat_template", named(recipe, "chat_template"), templates, "chat template", where)
    known(f"{place}.data", named(recipe, "data"), study["data"], "set", "the sets of the section 'data'")
    needed = SECTIONS.get(RECIPES[recipe["recipe"]].reads) or ("slam" if is_chosen(recipe) else None)
    if needed and needed not in study:
        raise StudyError(f"{place}: the recipe '{recipe['recipe']}' needs the section '{needed}', which is missing")


def check_named(study: dict[str, Any], place: str, names: Iterable[str], kind: str = "") -> None:
    """kind: `languages`, `benchmarks` or `models`; by default the last part of the place."""
    kind = kind or place.rpartition(".")[2]
    known(place, names, study[kind], kind[:-1], f"the study's {kind}")


def known(place: str, names: Iterable[str], choices: Iterable[str], what: str, where: str) -> None:
    """Raises StudyError for the first name that is not among the choices, with the nearest one."""
    choices = list(choices)
    for name in names:
        if name not in choices:
            raise StudyError(f"{place}: {what} '{name}' is not among {where}; {nearest(name, choices)}")


def named(options: dict[str, Any], key: str) -> list[str]:
    return [] if options.get(key) is None else [options[key]]


def check_questions(study: dict[str, Any]) -> None:
    """Whatever reads questions must find some: ranges go upwards, splits are not empty, RL prompts are not SFT's."""
    for name in study["benchmarks"]:
        check_benchmark(study, name)
    for section in SECTIONS.values():
        if "benchmark" in study.get(section, {}):
            name = study[section]["benchmark"]
            check_upwards(f"{section}.hash_range", study[section]["hash_range"], strictly=True)
            check_holds(study, f"{section}.benchmark", name, "train")
            if not is_math(study, name):
                raise StudyError(f"{section}.benchmark: '{name}' has no word problems with numeric answers")
    if "traces" in study:
        check_upwards("traces.length", study["traces"]["length"])
    if study.get("traces", {}).get("benchmark") == study.get("rl", {}).get("benchmark") is not None:
        (low, high), (start, end) = study["traces"]["hash_range"], study["rl"]["hash_range"]
        if max(low, start) < min(high, end):
            raise StudyError(
                f"rl.hash_range: [{start}, {end}] overlaps traces.hash_range [{low}, {high}]: GRPO would train "
                "on SFT's questions"
            )
    for place, options in parts_of(study):
        check_part(study, options, place)
    if "slam" in study:
        check_holds(study, "slam.benchmark", study["slam"]["benchmark"], "dev")
    for number, evaluation in enumerate(study["evaluations"]):
        for benchmark in evaluation["benchmarks"]:
            check_holds(study, f"evaluations.{number}.benchmarks", benchmark, evaluation["split"])


def check_benchmark(study: dict[str, Any], name: str) -> None:
    place, benchmark, form = f"benchmarks.{name}", study["benchmarks"][name], source_of(study, name)
    if "answers" in benchmark and (form is None or form.kind != "math"):
        raise StudyError(f"{place}.answers: is for sources of mathematical questions; leave it out")
    if benchmark["setting"] == "frame" and benchmark["steps"] != 1:
        raise StudyError(f"{place}.steps: a frame has one step, not {benchmark['steps']}")
    for key, pair in benchmark["numbers"].items():
        # Two statements need two numbers.
        check_upwards(f"{place}.numbers.{key}", pair, key == "opening" and benchmark["setting"] == "statements")


def check_part(study: dict[str, Any], options: dict[str, Any], place: str) -> None:
    """A part of a training set: its benchmarks have questions of the task, a translation has languages."""
    for benchmark, share in options.get("benchmarks", {}).items():
        check_upwards(f"{place}.benchmarks.{benchmark}", share, strictly=True)
        if source_of(study, benchmark):
            raise StudyError(f"{place}.benchmarks: '{benchmark}' has a source; name it as `source` instead")
        check_holds(study, f"{place}.benchmarks", benchmark, "train")
        if options["task"] == "sums" and not is_math(study, benchmark):
            raise StudyError(f"{place}.benchmarks: '{benchmark}' has no sums; name a mathematical one")
    if options["task"] == "translation" and set(options["languages"]) <= {ENGLISH}:
        raise StudyError(f"{place}.languages: a translation into English needs another language")


def check_upwards(place: str, pair: list[float], strictly: bool = False) -> None:
    if pair[0] > pair[1] or strictly and pair[0] == pair[1]:
        raise StudyError(f"{place}: {pair} is empty or reversed; write [low, high]")


def check_holds(study: dict[str, Any], place: str, name: str, split: str) -> None:
    """Raises StudyError if a benchmark has no questions in a split."""
    form = source_of(study, name)
    if form and split not in form.splits:
        raise StudyError(f"{place}: the source of '{name}' has only the splits {', '.join(form.splits)}, not '{split}'")
    if not form and not study["benchmarks"][name]["questions"][split]:
        raise StudyError(f"{place}: '{name}' has no questions there; set benchmarks.{name}.questions.{split}")


def check_training(name: str, recipe: dict[str, Any]) -> None:
    """Refuse options of the trainers that would fail only hours later; drop those that are null and cannot be."""
    for section, kind in (("training", recipe["recipe"]), ("lora", "lora")):
        if section not in recipe:
            continue
        known, taken = known_options(kind), taken_options(kind)
        for key, value in list(recipe[section].items()):
            place = f"models.{name}.{section}.{key}"
            if key in taken:
                raise StudyError(f"{place}: the workflow sets this option itself; leave it out")
            if known and key not in known:
                raise StudyError(f"{place}: not an option of this trainer; {nearest_option(key, known)}")
            if value is None and not is_optional(kind, key):
                del recipe[section][key]
            elif what := wrong_value(kind, key, value):
                raise StudyError(f"{place}: {what}")
    if recipe.get("keep") == "best" and not recipe["dev_rows"]:
        raise StudyError(f"models.{name}.keep: the best weights are chosen on held-out rows; set `dev_rows`")
    if recipe["recipe"] == "grpo":
        check_groups(recipe["training"], processes(recipe), f"models.{name}.training")


def chat_template(recipe: dict[str, Any]) -> list[str]:
    """The file of the chat template that a recipe names, if it names one."""
    name = recipe.get("chat_template")
    return [str(CHAT_TEMPLATES / f"{name}.jinja")] if name else []


def nearest_option(key: str, known: set[str]) -> str:
    hint = nearest(key, sorted(known))
    return hint if hint.startswith("did") else "see the documentation of its configuration class"


def check_groups(options: dict[str, Any], count: int, place: str) -> None:
    """GRPO's groups must fit into the batches of each of `count` processes, and checkpoints must fall between the
    rollouts, which they do not hold."""
    if "loss_type" not in options:
        raise StudyError(
            f"{place}: the key 'loss_type' is missing: it changes the method, so it is never left to a default; "
            "the shipped studies have dr_grpo"
        )
    defaults = {"num_generations": 8, "per_device_train_batch_size": 8, "gradient_accumulation_steps": 1}
    defaults |= {"num_iterations": 1, "save_steps": 500}
    optional = [key for key in ("steps_per_generation", "generation_batch_size") if options.get(key) is not None]
    values: dict[str, Any] = {key: options.get(key, defaults.get(key)) for key in [*defaults, *optional]}
    for key, value in values.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise StudyError(f"{place}.{key}: {value!r} is not a whole number above 0")
    group, batch = values["num_generations"], values["per_device_train_batch_size"]
    if batch % group:
        raise StudyError(
            f"{place}.per_device_train_batch_size: {batch} is not a multiple of num_generations ({group}), so a group "
            f"would straddle two processes; the nearest is {max(round(batch / group), 1) * group}"
        )
    accumulated = values["gradient_accumulation_steps"]  # batches in a step; rollouts are counted in batches
    every = values.get("steps_per_generation", accumulated)
    if "generation_batch_size" in values:
        every = max(values["generation_batch_size"] // (batch * count), 1)
    every = math.lcm(every * values["num_iterations"], accumulated) // accumulated
    if (steps := values["save_steps"]) % every:
        raise StudyError(
            f"{place}.save_steps: {steps} is not a multiple of {every}, the steps of one generation of rollouts, and a "
            f"checkpoint does not hold rollouts; the nearest is {max(round(steps / every), 1) * every}"
        )


def check_owner(study: dict[str, Any], files: Iterable[Path], shipped: Path) -> None:
    """A copied configuration that kept the name of a shipped study would overwrite that study's results."""
    used = {Path(path).resolve() for path in files}
    for path in sorted(shipped.rglob("*.yaml")):
        named = re.search(r"^study: *['\"]?([\w-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        if named and named[1] == study["study"] and path.resolve() not in used:
            raise StudyError(
                f"study: '{study['study']}' is the name of the study in {path.relative_to(shipped.parent)}; "
                "give yours a name of its own"
            )


def check_architecture(name: str, recipe: dict[str, Any]) -> None:
    """Raises StudyError for a size of a model of one's own (`architecture`) that is not a whole number above 0."""
    for key, value in (recipe.get("architecture") or {}).items():
        sized = key in SIZES or key.startswith("num_") or key.endswith("_size")
        if sized and value is not None and (type(value) is not int or value < 1):
            raise StudyError(f"models.{name}.architecture.{key}: {value!r} is not a whole number above 0")
