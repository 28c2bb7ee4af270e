"""Functions of a study's own in Python files of the user's, named as `file.py:function`: schedule, match, rewards.

A schedule takes (step, total), which mean the same as in alignment.growth, and gives g(t) in [0, 1]. It must follow
from these two alone: checkpoints hold no state of it. A match takes (trace, response, language), the language being
the question's, and gives whether the completion counts as in it. A reward is one of TRL's: it takes `prompts`,
`completions`, `completion_ids`, `language`, `answer` and more by name, and gives a number or None for each completion.
"""

import importlib.util
import inspect
import math
import sys
import traceback
from collections.abc import Callable
from numbers import Real
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from vernacular.storage.messages import one_line

POINTS = 1000  # at most, of a schedule that is tried (our choice)
TRACES = ("D'abord, 2 + 3 = 5.", "First, 2 + 3 = 6.")  # that rewards are tried on: a right answer, a wrong one


def load_function(folder: Path, name: str) -> Callable[..., Any]:
    """The function `file.py:function` of a file in `folder`, which may import other files there.

    Raises ValueError (one line: file, line, what) where the file cannot be run or has no such function.
    """
    file, _, function = name.partition(":")
    path = folder / Path(file).name
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader  # of a name that ends in .py
    module = importlib.util.module_from_spec(spec)
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))  # it stays: a function may import when it is called
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # the folder is an output of the workflow
    try:
        called(folder, name, spec.loader.exec_module, module)
    finally:
        sys.dont_write_bytecode = written
    found = getattr(module, function, None)
    if not callable(found):
        raise ValueError(f"{name}: there is no function '{function}' in the file")
    return found


def called(folder: Path, name: str, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """What a function of the user's gives; what it raises becomes a ValueError of one line."""
    try:
        return function(*given, **named)
    except (Exception, SystemExit) as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == folder]
        place = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else name
        raise ValueError(f"{name}: {place}: {type(error).__name__}: {one_line(error)}") from error


def own_schedule(folder: Path, name: str) -> Callable[[int, int], float]:
    """g(step, total) by a function of the user's; ValueError for anything but a number in [0, 1]."""
    function = load_function(folder, name)
    check_signature(function, name, "two arguments, step and total", 0, 1)

    def growth(step: int, total: int) -> float:
        value = called(folder, name, function, step, total)
        if not is_number(value) or not 0 <= value <= 1:
            raise ValueError(f"{name}: at step {step} of {total} it gives {short(value)}, not a number from 0 to 1")
        return float(value)

    return growth


def own_match(folder: Path, name: str) -> Callable[[str, str, str], bool]:
    """m(trace, response, language) by a function of the user's; ValueError for anything but True or False."""
    function = load_function(folder, name)
    check_signature(function, name, "three arguments, trace, response and language", "", "", "fr")

    def match(trace: str, response: str, language: str) -> bool:
        value = called(folder, name, function, trace, response, language)
        if not isinstance(value, bool | np.bool_):
            raise ValueError(f"{name}: it gives {short(value)}, not True or False")
        return bool(value)

    return match


def own_reward(folder: Path, name: str) -> Callable[..., list[float | None]]:
    """A reward function for TRL; ValueError where the user's gives anything but a number or None a completion."""
    function = load_function(folder, name)
    check_signature(function, name, "TRL's arguments by name: completions and **kwargs", **trial(100))

    def reward(completions: list[Any], **named: Any) -> list[float | None]:
        scores = called(folder, name, function, completions=completions, **named)
        if not isinstance(scores, list) or len(scores) != len(completions):
            raise ValueError(f"{name}: it gives {short(scores)}, not a list of {len(completions)}, one a completion")
        for score in scores:
            if score is not None and not is_number(score):
                raise ValueError(f"{name}: it gives {short(score)} for a completion, not a number or None")
        return [None if score is None else float(score) for score in scores]

    reward.__name__ = Path(name).name.replace(".py:", ".")  # TRL names its metrics after it
    return reward


def try_functions(folder: Path, schedule: str | None, match: str | None, rewards: list[str], steps: int) -> None:
    """Call them as the training will: the schedule over its steps, at most POINTS of them, the others on completions.

    Raises ValueError (one line) as own_schedule, own_match and own_reward do.
    """
    if schedule:
        growth = own_schedule(folder, schedule)
        for step in dict.fromkeys(round(i * (steps - 1) / (POINTS - 1)) for i in range(POINTS)):
            growth(step, steps)
    if match:
        matches = own_match(folder, match)
        for trace in (*TRACES, ""):  # a completion whose thinking never ends has neither trace nor response
            matches(trace, "", "fr")
    for name in rewards:
        own_reward(folder, name)(**trial(steps))


def trial(steps: int) -> dict[str, Any]:
    """What TRL would call a reward with, of two completions of one French question."""
    chat = [{"role": "user", "content": "2 + 3 ?"}]
    texts = [f"{trace}\n</think>\n\\boxed{{{trace[-2]}}}" for trace in TRACES]
    return {
        "prompts": [chat, chat],
        "completions": [[{"role": "assistant", "content": text}] for text in texts],
        "completion_ids": [[1, 2, 3], [1, 2, 4]],
        "language": ["fr", "fr"],
        "answer": ["5", "5"],
        "trainer_state": SimpleNamespace(global_step=0, max_steps=steps),
        "log_metric": lambda name, value: None,
        "log_extra": lambda name, values: None,
    }


def check_signature(function: Callable[..., Any], name: str, wanted: str, *given: Any, **named: Any) -> None:
    """Raises ValueError where the function cannot be called so."""
    try:
        signature = inspect.signature(function)
        signature.bind(*given, **named)
    except TypeError as error:
        taken = str(inspect.signature(function))
        raise ValueError(f"{name}: it takes {taken}, but must take {wanted} ({error})") from None
    except ValueError:  # a builtin without a signature: calling it will tell
        return


def is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def short(value: Any) -> str:
    text = one_line(repr(value))
    return text if len(text) <= 60 else f"{text[:57]}..."
