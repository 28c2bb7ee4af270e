"""A study's configuration: read, checked and resolved before any rule runs. Light: no torch, no pandas.

Every error is one line that names the file, the key and the nearest valid choice.
"""

import difflib
import json
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from vernacular.corpus.phrasebook import PHRASEBOOKS

SCHEMA = Path(__file__).parents[2] / "workflow" / "schemas" / "config.schema.yaml"


class StudyError(ValueError):
    """A configuration that cannot be run; the message is one line."""


def nearest(word: str, choices: list[str]) -> str:
    close = difflib.get_close_matches(word, choices, 1, 0.5)
    return f"did you mean '{close[0]}'?" if close else f"choose from: {', '.join(choices) or 'none'}"


def resolve_study(config: dict[str, Any], file: str) -> dict[str, Any]:
    """The configuration with every default filled in.

    Raises StudyError for an unknown key, language, model, benchmark or recipe, a value out of range, or a cycle.
    """
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    models = {name: recipe for name, recipe in (config.get("models") or {}).items() if recipe is not None}
    study = json.loads(json.dumps({**config, "models": models}))  # plain data, ours to change
    check(study, schema, schema, "", file)
    recipes = schema["$defs"]["recipes"]
    for name, recipe in study["models"].items():
        kind = recipe.get("recipe") if isinstance(recipe, dict) else None
        if kind not in recipes:
            raise StudyError(f"{file}: models.{name}.recipe: unknown recipe '{kind}'; {nearest(str(kind), list(recipes))}")
        check(recipe, recipes[kind], schema, f"models.{name}", file)
    check_names(study, file)
    check_graph(study["models"], file)
    evaluated(study, file)
    for name, recipe in study["models"].items():
        check_training(name, recipe, file)
    return study


def check(data: dict[str, Any], part: dict[str, Any], schema: dict[str, Any], place: str, file: str) -> None:
    """Validate `data` against a part of the schema, fill its defaults in, and turn the first error into one line."""
    fill_defaults(data, part, schema)
    validator = Draft202012Validator({**part, "$defs": schema["$defs"]})
    errors = sorted(validator.iter_errors(data), key=lambda error: [str(step) for step in error.absolute_path])
    if errors:
        raise StudyError(f"{file}: {describe(errors[0], place)}")


def fill_defaults(data: Any, part: dict[str, Any], schema: dict[str, Any]) -> None:
    if "$ref" in part:
        target = schema
        for step in part["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        part = {**target, **part}
    if isinstance(data, dict):
        for key, sub in part.get("properties", {}).items():
            if "$ref" in sub:
                reference = schema["$defs"][sub["$ref"].rsplit("/", 1)[1]]
                sub = {**reference, **{k: v for k, v in sub.items() if k != "$ref"}}
            if key not in data and "default" in sub:
                data[key] = json.loads(json.dumps(sub["default"]))
            if key in data:
                fill_defaults(data[key], sub, schema)
        extra = part.get("additionalProperties")
        if isinstance(extra, dict):
            for key in data.keys() - part.get("properties", {}).keys():
                fill_defaults(data[key], extra, schema)
    elif isinstance(data, list) and isinstance(part.get("items"), dict):
        for item in data:
            fill_defaults(item, part["items"], schema)


def describe(error: ValidationError, place: str) -> str:
    path = ".".join([place, *map(str, error.absolute_path)]).strip(".")
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = next(key for key in error.instance if key not in known)
        return f"{path + '.' if path else ''}{unknown}: unknown key; {nearest(unknown, known)}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{path or 'the file'}: the key '{missing}' is missing"
    if error.validator == "enum":
        return f"{path}: {error.instance!r} is no valid choice; {nearest(str(error.instance), list(map(str, error.validator_value)))}"
    if error.validator in ("minimum", "exclusiveMinimum"):
        return f"{path}: {error.instance} is too small; the least is {error.validator_value}" + (
            " (not included)" if error.validator == "exclusiveMinimum" else ""
        )
    return f"{path or 'the file'}: {error.message}"


def check_names(study: dict[str, Any], file: str) -> None:
    """Every language, benchmark and model that is named exists."""

    def known(place: str, names: list[str], choices: list[str], what: str) -> None:
        for name in names:
            if name not in choices:
                raise StudyError(f"{file}: {place}: {what} '{name}' is not {there[what]}; {nearest(name, choices)}")

    there = {
        "language": "among the study's languages",
        "benchmark": "among the study's benchmarks",
        "model": "among the study's models",
        "phrasebook": "written yet (resources/phrasebook/<language>.yaml)",
    }
    languages, benchmarks, models = study["languages"], list(study["benchmarks"]), list(study["models"])
    known("languages", languages, sorted(path.stem for path in PHRASEBOOKS.glob("*.yaml")), "phrasebook")
    for number, evaluation in enumerate(study["evaluations"]):
        place = f"evaluations.{number}"
        known(f"{place}.languages", evaluation["languages"], languages, "language")
        known(f"{place}.in_domain", evaluation["in_domain"], evaluation["languages"], "language")
        known(f"{place}.benchmarks", evaluation["benchmarks"], benchmarks, "benchmark")
        known(f"{place}.models", evaluation["models"], models, "model")
        if evaluation["temperature"] == 0 and evaluation["samples"] != 1:
            raise StudyError(f"{file}: {place}.samples: greedy decoding (temperature 0) gives one sample; set samples: 1")
    for section in ("traces", "rl"):
        if section in study:
            known(f"{section}.languages", study[section]["languages"], languages, "language")
            known(f"{section}.benchmark", [study[section]["benchmark"]], benchmarks, "benchmark")
    for name, recipe in study["models"].items():
        if recipe["recipe"] == "pretrain":
            known(f"models.{name}.data.languages", recipe["data"]["languages"], languages, "language")
            known(f"models.{name}.data.benchmarks", recipe["data"]["benchmarks"], benchmarks, "benchmark")
        for section, kind in (("traces", "sft"), ("rl", "grpo")):
            if recipe["recipe"] == kind and section not in study:
                raise StudyError(f"{file}: models.{name}: the recipe '{kind}' needs the section '{section}', which is missing")
    for name, benchmark in study["benchmarks"].items():
        if benchmark["source"] == "mgsm" and "mgsm" not in study["sources"]:
            raise StudyError(f"{file}: benchmarks.{name}: the source 'mgsm' needs sources.mgsm, the folder of its TSV files")
        if benchmark["setting"] == "frame" and benchmark["steps"] != 1:
            raise StudyError(f"{file}: benchmarks.{name}.steps: a frame has one step, not {benchmark['steps']}")


def check_graph(models: dict[str, Any], file: str) -> None:
    """Every parent exists and no model descends from itself."""
    for name, recipe in models.items():
        chain, parent = [name], recipe.get("from")
        while parent is not None:
            if parent not in models:
                raise StudyError(f"{file}: models.{chain[-1]}.from: unknown model '{parent}'; {nearest(parent, list(models))}")
            if parent in chain:
                raise StudyError(f"{file}: models.{name}.from: a cycle: {' -> '.join([*chain, parent])}")
            chain.append(parent)
            parent = models[parent].get("from")


def check_training(name: str, recipe: dict[str, Any], file: str) -> None:
    """Options of the trainers that would go wrong only hours later."""
    options = recipe.get("training", {})
    place = f"models.{name}.training"
    if recipe["recipe"] != "grpo":
        return
    group = options.get("num_generations", 8)
    if options.get("per_device_train_batch_size", 8) % group:
        raise StudyError(
            f"{file}: {place}.per_device_train_batch_size: must be a multiple of num_generations ({group}), "
            "or a group would straddle two processes"
        )
    every = options.get("steps_per_generation", options.get("gradient_accumulation_steps", 1))
    every *= options.get("num_iterations", 1)
    if options.get("save_steps", 500) % every:
        raise StudyError(
            f"{file}: {place}.save_steps: must be a multiple of {every} (steps_per_generation x num_iterations): "
            "rollouts are not part of a checkpoint"
        )


def label(model: str, decoding: str) -> str:
    """How a model is called in generations, scores and tables: a decoding option makes a row of its own."""
    return model if decoding == "plain" else f"{model}+{decoding}"


GENERATION_OPTIONS = ("languages", "split", "samples", "temperature", "max_new_tokens", "batch_size", "decoding")


def evaluated(study: dict[str, Any], file: str) -> dict[tuple[str, str], tuple[str, dict[str, Any]]]:
    """(label, benchmark) -> (model, generation options) of everything that the evaluations name.

    Two evaluations may share a model and a benchmark, for instance in two tables, but then generate it in one way.
    """
    found: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
    for number, evaluation in enumerate(study["evaluations"]):
        options = {key: evaluation[key] for key in GENERATION_OPTIONS}
        for model in evaluation["models"]:
            for benchmark in evaluation["benchmarks"]:
                key = (label(model, evaluation["decoding"]), benchmark)
                if found.setdefault(key, (model, options))[1] != options:
                    differing = next(name for name in options if found[key][1][name] != options[name])
                    raise StudyError(
                        f"{file}: evaluations.{number}.{differing}: {key[0]} on {benchmark} is generated by another "
                        "evaluation with another value; make them equal"
                    )
    return found
