"""A study's configuration, read, checked and resolved before any rule runs. Light: no torch, no pandas.

Every error is one line that names the file, the key and the nearest valid choice.
"""

import json
import re
from typing import Any

from vernacular.storage.messages import nearest
from vernacular.study.check import check_architecture, check_names, check_questions, check_training
from vernacular.study.checkpoints import add_checkpoints
from vernacular.study.defaults import fill_from_study
from vernacular.study.evaluations import answerings
from vernacular.study.gpu_options import check_gpu_options
from vernacular.study.graph import build_graph
from vernacular.study.languages import check_languages, check_phrasebooks
from vernacular.study.layers import expand_likes
from vernacular.study.merge import check_merge, check_weights
from vernacular.study.prompts import resolve_prompts
from vernacular.study.schema import StudyError, check, check_size, in_file, load_schema
from vernacular.study.slam import check_slam, resolved_layers
from vernacular.study.sources import check_sources
from vernacular.study.tracking import check_tracker

EXPONENT = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)[eE][-+]?\d+")


def resolve_study(config: dict[str, Any], file: str) -> dict[str, Any]:
    """The configuration with every default filled in; a model that is null is left out. file: its name in errors.

    Raises StudyError for an unknown key, language, model, benchmark or recipe, a value out of range, or a cycle.
    """
    with in_file(file):
        schema = load_schema()
        check_size(config)
        study = numbers(json.loads(json.dumps(config, default=str)))  # plain data, ours to change
        if not isinstance(study, dict):
            raise StudyError("not a mapping of keys, so not a study; config/README.md names them")
        if isinstance(study.get("models"), dict):
            study["models"] = {name: recipe for name, recipe in study["models"].items() if recipe is not None}
        check(study, schema, schema, "")
        expand_likes(study["models"])
        for name, recipe in study["models"].items():
            check_recipe(recipe, schema, f"models.{name}")
        for parts in study["data"].values():
            for part in parts:
                if not isinstance(part["shares"], dict):  # one number for all languages
                    part["shares"] = dict.fromkeys(part["languages"], part["shares"])
        fill_from_study(study)
        check_tracker(study)
        check_sources(study)
        check_languages(study)
        check_names(study)
        build_graph(study["models"])
        check_questions(study)
        check_phrasebooks(study)
        resolve_prompts(study)
        for options in [*study["evaluations"], study.get("rl", {})]:
            if options.get("engine") == "transformers":
                del options["engine"]  # the default
        for name, recipe in study["models"].items():
            check_gpu_options(name, recipe)
            check_training(name, recipe)
            check_architecture(name, recipe)
            if recipe["recipe"] == "merge-weights":
                check_weights(study["models"], name)
            if "layers" in recipe:
                recipe["layers"] = resolved_layers(recipe["layers"], study, f"models.{name}.layers")
        add_checkpoints(study)
        answerings(study)
        check_slam(study)
        check_merge(study)
    return study


def check_recipe(recipe: Any, schema: dict[str, Any], place: str) -> None:
    """Check a model's keys by the schema of its recipe, whose defaults are filled in."""
    recipes = schema["$defs"]["recipes"]
    if not isinstance(recipe, dict) or "recipe" not in recipe:
        raise StudyError(f"{place}: the key 'recipe' is missing; choose from: {', '.join(recipes)}")
    kind = recipe["recipe"]
    if kind not in list(recipes):
        raise StudyError(f"{place}.recipe: unknown recipe '{kind}'; {nearest(str(kind), recipes)}")
    check(recipe, recipes[kind], schema, place)


def numbers(data: Any) -> Any:
    """The data with a number for every text such as 1e-4, which YAML 1.1 takes for a text."""
    if isinstance(data, dict):
        return {key: numbers(value) for key, value in data.items()}
    if isinstance(data, list):
        return [numbers(value) for value in data]
    return float(data) if isinstance(data, str) and EXPONENT.fullmatch(data) else data
