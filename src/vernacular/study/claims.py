"""The claims of the papers as data (config/claims.yaml): read and checked before any rule. Light: no pandas."""

from pathlib import Path
from typing import Any

from vernacular.evaluation.claim_terms import OF_LAYERS, OF_TIME
from vernacular.language.languages import is_language, load_languages
from vernacular.storage.messages import nearest
from vernacular.storage.resources import workflow_root
from vernacular.storage.yaml_file import YamlError, read_yaml
from vernacular.study.schema import StudyError, check, check_size, in_file

SCHEMA = workflow_root() / "workflow" / "schemas" / "claims.schema.yaml"
GROUPS = ("all", "every", "in-domain", "out-of-domain")  # of languages: `all` leaves English out
REFERENCE = "merge.reference"  # as a baseline: the LLM alone, which every study names as it likes


def load_claims(path: str | Path, alone: str | None = None) -> dict[str, dict[str, Any]]:
    """The claims by name, every default filled in. alone: the model that a baseline `merge.reference` is in this study.

    Raises StudyError (one line: file, key, nearest valid choice) for a file that cannot be read and for a claim that
    cannot be tested. A claim may name a model that the study lacks: it is then not tested in that study.
    """
    try:
        content = read_yaml(path)
    except OSError as error:
        raise StudyError(f"{path}: cannot be read ({error.strerror}); name a file of claims in `claims`") from None
    except YamlError as error:
        raise StudyError(str(error)) from None
    schema = read_yaml(SCHEMA)
    with in_file(str(path)):
        check_size(content)
        check(content, schema, schema, "")
        claims: dict[str, dict[str, Any]] = content["claims"]
        for name, claim in claims.items():
            if claim["baseline"] == REFERENCE and alone:
                claim["baseline"] = alone
            check_claim(claim, f"claims.{name}")
    return claims


def check_groups(compared: dict[str, Any], place: str) -> None:
    """The languages that a claim or a criterion compares are a named group or a list of known codes."""
    for key in ("languages", "than"):
        value = compared[key]
        if isinstance(value, str) and value not in GROUPS:
            raise StudyError(
                f"{place}.{key}: '{value}' is not a group of languages; {nearest(value, GROUPS)}, or a list"
            )
        for code in value if isinstance(value, list) else []:
            if not is_language(code):
                raise StudyError(f"{place}.{key}: unknown language '{code}'; {nearest(code, load_languages())}")


def check_claim(claim: dict[str, Any], place: str) -> None:
    check_groups(claim, place)
    apart = [metric for metric in claim["metrics"] if metric in (OF_LAYERS, OF_TIME)]
    if apart and len(claim["metrics"]) > 1:
        raise StudyError(f"{place}.metrics: '{apart[0]}' must be the only metric: it does not come from scores")
    if OF_LAYERS in apart:
        if claim["baseline"] is not None or claim["than"] is not None:
            raise StudyError(f"{place}: '{OF_LAYERS}' is of one model; leave out `baseline` and `than`")
    elif claim["baseline"] is None and (claim["than"] is None or OF_TIME in apart):
        raise StudyError(f"{place}: compares with nothing; set `baseline` (a model) or `than` (other languages)")
    if claim["model"] == claim["baseline"]:
        raise StudyError(f"{place}.baseline: '{claim['model']}' is the model itself; name another one")
