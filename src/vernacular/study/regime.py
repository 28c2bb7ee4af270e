"""The criteria of a study's regime (config/regime.yaml), and the dev evaluations that they read. Light: no pandas."""

from typing import Any

from vernacular.storage.messages import nearest
from vernacular.storage.resources import workflow_root
from vernacular.storage.yaml_file import read_yaml
from vernacular.study.claims import check_groups
from vernacular.study.evaluations import Evaluations, label, labels
from vernacular.study.schema import StudyError, check, in_file

FILE = workflow_root() / "config" / "regime.yaml"
SCHEMA = workflow_root() / "workflow" / "schemas" / "regime.schema.yaml"
MODELS = {"value": (1, 1), "difference": (2, 2), "range": (2, None), "oracle": (2, None)}  # how many, from and to

Criteria = dict[str, dict[str, dict[str, Any]]]


def load_criteria() -> Criteria:
    """All criteria by part and name, every default filled in. Raises StudyError for one that cannot be measured."""
    schema, content = read_yaml(SCHEMA), read_yaml(FILE)
    with in_file(str(FILE)):
        check(content, schema, schema, "")
        for part, named in content["parts"].items():
            for name, criterion in named.items():
                check_criterion(criterion, f"parts.{part}.{name}")
    parts: Criteria = content["parts"]
    return parts


def check_criterion(criterion: dict[str, Any], place: str) -> None:
    least, most = MODELS[criterion["compare"]]
    count = len(criterion["models"])
    if count < least or (most is not None and count > most):
        wanted = least if least == most else f"{least} or more"
        raise StudyError(f"{place}.models: `compare: {criterion['compare']}` takes {wanted}, not {count}")
    if criterion["low"] is criterion["high"] is None:
        raise StudyError(f"{place}: has no bound; set `low`, `high` or both")
    check_groups(criterion, place)


def criteria_of(study: dict[str, Any]) -> Criteria:
    """The criteria of the parts that a study names. Raises StudyError for an unknown part, and where no evaluation on
    dev has a model that a criterion compares."""
    if not study["regime"]:
        return {}
    known, chosen = load_criteria(), {}
    there = labels(dev_evaluations(study))
    for number, part in enumerate(study["regime"]):
        if part not in known:
            raise StudyError(f"regime.{number}: '{part}' is not a part of config/regime.yaml; {nearest(part, known)}")
        chosen[part] = known[part]
        for name, criterion in known[part].items():
            if missing := [model for model in criterion["models"] if model not in there]:
                raise StudyError(
                    f"regime.{number}: '{part}' compares '{missing[0]}' ({name}), which no evaluation with "
                    "`split: dev` answers; add one"
                )
    return chosen


def dev_evaluations(study: dict[str, Any]) -> Evaluations:
    return [e for e in study["evaluations"] if e["split"] == "dev" and not e["checkpoints"]]


def regime_evaluations(study: dict[str, Any], criteria: Criteria) -> Evaluations:
    """The dev evaluations with only the models that criteria compare: no other one is trained for them."""
    wanted = {model for named in criteria.values() for criterion in named.values() for model in criterion["models"]}
    found = []
    for evaluation in dev_evaluations(study):
        models = [model for model in evaluation["models"] if label(model, evaluation["decoding"]) in wanted]
        found.append({**evaluation, "models": models})
    return [evaluation for evaluation in found if evaluation["models"]]
