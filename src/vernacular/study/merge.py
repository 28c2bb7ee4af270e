"""What a study's configuration says of merges: their parents, their data, and how merged models are evaluated."""

from typing import Any

from vernacular.storage.messages import nearest
from vernacular.study.schema import StudyError
from vernacular.study.sources import is_math

MERGES = ("merge-mapping", "merge")
ENCODERS = ("translator", "folder", "hub")
MAKERS = "translator, folder or hub"  # of encoders, in words
NO_LLM = (*MERGES, "translator")
OF_MERGES = ("oracle", "english-embedding", "encoder-off", "llm-off", "gates-one")  # decodings
TARGETS = ("merge", "merge-steering", "merge-adamame")
TABLES = {"scores", "steering", "adamame", "claims"}  # tables/merge-<one of these>.csv is no benchmark's


def merge_parents(models: dict[str, Any], name: str) -> dict[str, str]:
    """The two models that a merge joins: `encoder` and `llm`; none for a model of another recipe."""
    recipe = models[name]
    if recipe["recipe"] not in MERGES:
        return {}
    if recipe.get("encoder") is None:
        return merge_parents(models, recipe["from"])
    return {"encoder": recipe["encoder"], "llm": recipe["from"]}


def check_merge(study: dict[str, Any], file: str) -> None:
    """Merges join an encoder and an LLM, train on what they can read, and are evaluated as merges."""
    models = study["models"]
    if "merge" in study and (taken := sorted(TABLES & study["benchmarks"].keys())):
        raise StudyError(f"{file}: benchmarks.{taken[0]}: tables/merge-{taken[0]}.csv is another table; rename it")
    for name, recipe in models.items():
        place = f"{file}: models.{name}"
        if recipe["recipe"] in MERGES:
            check_parents(models, name, place)
        elif recipe.get("from") is not None and models[recipe["from"]]["recipe"] in NO_LLM:
            raise StudyError(f"{place}.from: '{recipe['from']}' is no LLM of its own; name one")
        if "data" in recipe:
            wanted = {"translator": "pairs", "merge-mapping": "pairs", "merge": "reasoning"}.get(recipe["recipe"])
            for number, part in enumerate(study["data"][recipe["data"]]):
                if wanted and part["task"] != wanted:
                    raise StudyError(
                        f"{place}.data: part {number} of '{recipe['data']}' has the task '{part['task']}'; "
                        f"the recipe '{recipe['recipe']}' reads '{wanted}'"
                    )
                if part["task"] == "pairs" and not wanted:
                    raise StudyError(
                        f"{place}.data: part {number} of '{recipe['data']}' has the task 'pairs', which only "
                        "translators and mappings read"
                    )
    for number, evaluation in enumerate(study["evaluations"]):
        check_evaluation(study, evaluation, f"{file}: evaluations.{number}")
    if "merge" in study:
        named = {name for e in study["evaluations"] if e["target"] == "merge" for name in e["models"]}
        for key in ("reference", "baseline", "model"):
            if study["merge"][key] not in named:
                raise StudyError(
                    f"{file}: merge.{key}: '{study['merge'][key]}' is in no evaluation of the target 'merge'; "
                    f"{nearest(study['merge'][key], sorted(named))}"
                )


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
            f"{place}.from: LangBridge's mapping is one linear layer, which does not go on from '{recipe['from']}'; "
            "name the LLM, and an encoder"
        )
    if parent == "merge-mapping" and encoder is not None:
        raise StudyError(f"{place}.encoder: '{recipe['from']}' is a mapping, which has its encoder; leave it out")
    if parent != "merge-mapping" and encoder is None:
        raise StudyError(f"{place}.encoder: '{recipe['from']}' is an LLM; name the encoder, or a mapping as `from`")
    if encoder is not None and encoder not in models:
        raise StudyError(f"{place}.encoder: unknown model '{encoder}'; {nearest(encoder, models)}")
    if encoder is not None and models[encoder]["recipe"] not in ENCODERS:
        raise StudyError(
            f"{place}.encoder: '{encoder}' has the recipe '{models[encoder]['recipe']}', which makes no encoder; "
            f"name a model of {MAKERS}"
        )


def check_evaluation(study: dict[str, Any], evaluation: dict[str, Any], place: str) -> None:
    models, decoding, translator = study["models"], evaluation["decoding"], evaluation["translator"]
    for name in evaluation["models"]:
        recipe = models[name]["recipe"]
        if recipe in ("translator", "merge-mapping"):
            raise StudyError(
                f"{place}.models: '{name}' has the recipe '{recipe}' and answers no questions; leave it out"
            )
        if decoding in OF_MERGES and recipe != "merge":
            raise StudyError(f"{place}.decoding: '{decoding}' is for models of the recipe 'merge'; '{name}' is none")
        if decoding in ("translate-en", "forced-prefix", "english-context") and recipe == "merge":
            raise StudyError(f"{place}.decoding: '{decoding}' is for an LLM alone; '{name}' is a merge")
    if (decoding == "translate-en") != (translator is not None):
        raise StudyError(f"{place}.translator: goes with `decoding: translate-en`, and only with that")
    if translator is not None and (translator not in models or models[translator]["recipe"] not in ENCODERS):
        raise StudyError(
            f"{place}.translator: '{translator}' is no model of {MAKERS}; "
            f"{nearest(translator, [n for n, o in models.items() if o['recipe'] in ENCODERS])}"
        )
    for benchmark in evaluation["benchmarks"]:
        if decoding == "mixed-en" and is_math(study, benchmark):
            raise StudyError(
                f"{place}.decoding: 'mixed-en' needs questions of several lines (choices, entailments), which "
                f"'{benchmark}' has not"
            )
    if evaluation["target"] in TARGETS and "merge" not in study:
        raise StudyError(f"{place}.target: '{evaluation['target']}' needs the section 'merge', which is missing")
