"""What a configuration says about SLAM: completes the rules for layers, and checks the evaluations."""

from typing import Any

from vernacular.language.languages import ENGLISH
from vernacular.slam.options import SelectionOptions, check_rule
from vernacular.study.schema import StudyError, check, load_schema


def resolved_layers(layers: Any, study: dict[str, Any], place: str) -> list[int] | dict[str, Any]:
    """The `layers` of a SLAM model: a list of layers, or a whole rule (slam.select with what the model changes)."""
    if isinstance(layers, list):
        if not layers or not all(type(layer) is int and layer >= 0 for layer in layers) or len({*layers}) < len(layers):
            raise StudyError(f"{place}: {layers} must name at least one layer, each once, counted from 0, as in [0, 1]")
        return layers
    if isinstance(layers, str) and layers != "auto":
        raise StudyError(f"{place}: '{layers}' is not a valid choice; write auto, a rule or a list of layers")
    section = study["slam"]["select"]
    rule = {**section, **({} if layers == "auto" else layers)}
    schema = load_schema()
    check(rule, schema["$defs"]["select"], schema, place)
    try:
        check_rule(SelectionOptions(**rule))
    except ValueError as error:
        raise StudyError(f"{place}.{error}") from None
    choose, count = rule["choose"], rule["count"]
    if choose in ("random", "top") and count is None and section["choose"] != "leading":
        raise StudyError(
            f"{place}.count: `choose: {choose}` takes as many layers as `leading` would, but slam.select says "
            f"{section['choose']}; set count"
        )
    return rule


def is_chosen(recipe: dict[str, Any]) -> bool:
    """Whether the probe is asked about a model's layers: to choose them, or to explain the list of a SLAM model."""
    return recipe["recipe"] == "slam" or ("layers" in recipe and not isinstance(recipe["layers"], list))


def check_slam(study: dict[str, Any]) -> None:
    """SLAM's tables must find what they compare: reference, baseline and others, with layers of the right model."""
    if "slam" not in study:
        return
    models, section = study["models"], study["slam"]
    reference, baseline = section["reference"], section["baseline"]
    for number, evaluation in enumerate(study["evaluations"]):
        place, target = f"evaluations.{number}", evaluation["target"]
        if target not in (section["target"], section["sweep"]):
            continue
        sweep = target == section["sweep"]
        if baseline is None and not sweep:
            raise StudyError(f"slam.baseline: name the model to compare those of the target '{target}' with")
        needed = {"slam.reference": reference} | ({} if sweep else {"slam.baseline": baseline})
        for key, name in needed.items():
            if name not in evaluation["models"]:
                raise StudyError(f"{place}.models: '{name}' ({key}) is missing; the others are compared with it")
        if len(set(needed.values())) < len(needed):
            raise StudyError(f"slam.baseline: '{reference}' is the reference too; name the two-stage model")
        if evaluation["decoding"] != "plain":
            raise StudyError(f"{place}.decoding: SLAM's tables compare models, not decodings; leave it out")
        if ENGLISH not in evaluation["languages"]:
            raise StudyError(f"{place}.languages: SLAM's tables need '{ENGLISH}', in which forgetting is measured")
        tuned = [name for name in evaluation["models"] if models[name]["recipe"] == "slam"]
        if not any(models[name]["from"] == reference for name in tuned):
            raise StudyError(f"{place}.models: no model of the recipe 'slam' starts from slam.reference '{reference}'")
        for name in evaluation["models"] if sweep else []:
            layers = models[name].get("layers")
            single = name in tuned and isinstance(layers, list) and len(layers) == 1
            if name != reference and not (single and models[name]["from"] == reference):
                raise StudyError(
                    f"{place}.models: '{name}' does not tune a single listed layer of '{reference}'; leave it out"
                )
