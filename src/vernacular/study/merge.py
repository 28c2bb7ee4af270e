"""Checks what a configuration says about merges: their parents, their data, and how merged models are evaluated."""

from typing import Any

from vernacular.storage.messages import nearest
from vernacular.study.recipes import CONNECTORS, ENCODERS, RECIPES
from vernacular.study.schema import StudyError
from vernacular.study.sources import is_math

MAKERS = "translator, folder or hub"  # recipes of encoders, in words
OF_MERGES = ("oracle", "english-embedding", "encoder-off", "llm-off", "gates-one")  # decodings
OF_LLMS = ("translate-en", "forced-prefix", "forced-english", "english-context")

METHODS = {  # of merges of weights -> the keys that each reads
    "linear": ("weights",),
    "ties": ("weights", "density"),
    "dare": ("weights", "density"),
    "layer-swap": ("layers",),
}


def check_merge(study: dict[str, Any]) -> None:
    """Merges must join an encoder and an LLM, train on what they can read, and be evaluated as merges."""
    models = study["models"]
    for name, recipe in models.items():
        place = f"models.{name}"
        if recipe["recipe"] in CONNECTORS:
            check_parents(models, name, place)
        elif recipe.get("from") is not None and makes(models, recipe["from"]) not in ("llm", "any"):
            raise StudyError(f"{place}.from: '{recipe['from']}' is not an LLM of its own; name one")
        if "data" in recipe:
            check_tasks(study["data"][recipe["data"]], recipe, place)
    for number, evaluation in enumerate(study["evaluations"]):
        check_evaluation(study, evaluation, f"evaluations.{number}")
    if "merge" in study:
        target = study["merge"]["target"]
        named = {name for e in study["evaluations"] if e["target"] == target for name in e["models"]}
        for key in ("reference", "baseline", "model"):
            if named and study["merge"][key] not in named:  # without such an evaluation there is no table
                raise StudyError(
                    f"merge.{key}: '{study['merge'][key]}' is in no evaluation of the target '{target}'; "
                    f"{nearest(study['merge'][key], sorted(named))}"
                )


def makes(models: dict[str, Any], name: str) -> str:
    return RECIPES[models[name]["recipe"]].makes


def check_tasks(parts: list[dict[str, Any]], recipe: dict[str, Any], place: str) -> None:
    """The parts of a training set must be of tasks that the recipe reads."""
    wanted = RECIPES[recipe["recipe"]].tasks
    for number, part in enumerate(parts):
        what = f"{place}.data: part {number} of '{recipe['data']}' has the task '{part['task']}'"
        if wanted and part["task"] not in wanted:
            raise StudyError(f"{what}; the recipe '{recipe['recipe']}' reads '{wanted[0]}'")
        if part["task"] == "pairs" and not wanted:
            raise StudyError(f"{what}, which only translators and mappings read")


def check_parents(models: dict[str, Any], name: str, place: str) -> None:
    recipe = models[name]
    parent, encoder = models[recipe["from"]]["recipe"], recipe.get("encoder")
    if parent in ("merge", "translator") or parent == recipe["recipe"] == "merge-mapping":
        raise StudyError(
            f"{place}.from: '{recipe['from']}' has the recipe '{parent}'; name an LLM"
            + " or a mapping" * (recipe["recipe"] == "merge")
        )
    if parent == "merge-mapping" and recipe.get("gate") == "prefix-only":
        raise StudyError(
            f"{place}.from: LangBridge's mapping is one linear layer and cannot continue from '{recipe['from']}'; "
            "name the LLM, and an encoder"
        )
    if parent == "merge-mapping" and encoder is not None:
        raise StudyError(f"{place}.encoder: '{recipe['from']}' is a mapping and has an encoder; leave it out")
    if parent != "merge-mapping" and encoder is None:
        raise StudyError(f"{place}.encoder: '{recipe['from']}' is an LLM; name the encoder, or a mapping as `from`")
    if recipe.get("gate", "none") != "none" and recipe["encoder_weight"] != 1:
        raise StudyError(
            f"{place}.encoder_weight: goes only with `gate: none`; the gate '{recipe['gate']}' has weights of its own"
        )
    if encoder is not None and models[encoder]["recipe"] not in ENCODERS:
        raise StudyError(
            f"{place}.encoder: '{encoder}' has the recipe '{models[encoder]['recipe']}', which makes no encoder; "
            f"name a model of {MAKERS}"
        )


def check_weights(models: dict[str, Any], name: str) -> None:
    """A merge of weights merges LLMs and says what its method needs; fills in the defaults."""
    recipe, place = models[name], f"models.{name}"
    others, method = recipe["models"], recipe["method"]
    for number, other in enumerate(others):
        if makes(models, other) not in ("llm", "any"):
            raise StudyError(f"{place}.models.{number}: '{other}' is not an LLM of its own; name one")
        if other == recipe["from"]:
            raise StudyError(f"{place}.models.{number}: '{other}' is `from` too; name another model")
    for key in ("weights", "density", "layers"):
        if key in recipe and key not in METHODS[method]:
            raise StudyError(f"{place}.{key}: the method '{method}' has none; leave it out")
    if method == "layer-swap":
        if len(others) != 1:
            raise StudyError(f"{place}.models: layer-swap takes layers of one other model, not of {len(others)}")
        if "layers" not in recipe:
            raise StudyError(f"{place}.layers: is missing; write which layers to swap: auto, a rule or a list")
        return
    recipe.setdefault("weights", [1.0 if method == "ties" else 1 / len(others)] * len(others))
    if "density" in METHODS[method]:
        recipe.setdefault("density", 0.5)
    if len(recipe["weights"]) != len(others):
        raise StudyError(f"{place}.weights: {len(recipe['weights'])} for {len(others)} `models`; give one for each")


def check_evaluation(study: dict[str, Any], evaluation: dict[str, Any], place: str) -> None:
    models, decoding, translator = study["models"], evaluation["decoding"], evaluation["translator"]
    for name in evaluation["models"]:
        recipe, made = models[name]["recipe"], makes(models, name)
        if made in ("encoder", "mapping"):
            raise StudyError(
                f"{place}.models: '{name}' has the recipe '{recipe}' and answers no questions; leave it out"
            )
        if decoding in OF_MERGES and made != "merge":
            raise StudyError(f"{place}.decoding: '{decoding}' is only for merges; '{name}' is not one")
        if decoding in OF_LLMS and made == "merge":
            raise StudyError(f"{place}.decoding: '{decoding}' is for an LLM alone; '{name}' is a merge")
    if (decoding == "translate-en") != (translator is not None):
        raise StudyError(f"{place}.translator: goes only with `decoding: translate-en`")
    encoders = [name for name, options in models.items() if options["recipe"] in ENCODERS]
    if translator is not None and translator not in encoders:
        raise StudyError(
            f"{place}.translator: '{translator}' is not a model of {MAKERS}; {nearest(translator, encoders)}"
        )
    for benchmark in evaluation["benchmarks"]:
        if decoding == "mixed-en" and is_math(study, benchmark):
            raise StudyError(
                f"{place}.decoding: 'mixed-en' needs questions of several lines (choices, entailments), which "
                f"'{benchmark}' lacks"
            )
