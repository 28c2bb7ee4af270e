"""Edits of a configuration, and the study that comes out, for tests of what is refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vernacular.study.compile import Study, compile_study
from vernacular.study.schema import StudyError

ROOT = Path(__file__).parents[2]
Edit = Callable[[dict[str, Any]], object]
FORGET: Any = object()


def put(path: str, value: Any) -> Edit:
    """An edit: the key at a dotted path gets a value, or is removed."""

    def edit(config: dict[str, Any]) -> None:
        place: Any = config
        *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in steps:
            place = place[step]
        if value is FORGET:
            del place[last]
        else:
            place[last] = value

    return edit


def edited(config: dict[str, Any], edit: Edit) -> dict[str, Any]:
    config = json.loads(json.dumps(config))  # a deep copy in which YAML's aliases no longer share anything
    edit(config)
    return config


def compiled(config: dict[str, Any], file: str = "mine.yaml", edit: Edit = lambda config: None) -> Study:
    """What the rules get of an edited configuration."""
    return compile_study(edited(config, edit), file, ROOT / "config" / "claims.yaml")


def refusal(config: dict[str, Any], edit: Edit) -> str:
    """The one line that refuses an edited configuration, before any rule is known."""
    with pytest.raises(StudyError) as caught:
        compiled(config, edit=edit)
    message = str(caught.value)
    assert message.startswith("mine.yaml: ") and "\n" not in message
    return message
