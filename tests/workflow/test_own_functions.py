"""A schedule and a reward of one's own, as a user adds them: what reruns, what is refused, what is tried before."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from workspaces import dry_run, environment, typed

SCHEDULE = '''"""Mine."""
from helpers.shapes import root


def growth(step, total):
    return root(step / total)
'''
REWARD = "def short(completions, **kwargs):\n    return [1.0 / (1 + len(one[0]['content'])) for one in completions]\n"
MINE = ("--configfile", "config/config.yaml", "mine/mine.yaml")
OVERLAY = """
study: default
models:
  adamame:
    alignment: {schedule: "my_schedules.py:growth"}
    rewards: [{function: "my_rewards.py:short", weight: 0.2}]
"""


@pytest.fixture
def own(workspace: Path) -> Path:
    """A finished default study with an overlay and functions next to it."""
    folder = workspace / "mine"
    (folder / "helpers").mkdir(parents=True)
    (folder / "helpers" / "__init__.py").touch()
    (folder / "helpers" / "shapes.py").write_text("def root(x):\n    return x**0.5\n", encoding="utf-8")
    (folder / "my_schedules.py").write_text(SCHEDULE, encoding="utf-8")
    (folder / "my_rewards.py").write_text(REWARD, encoding="utf-8")
    (folder / "mine.yaml").write_text(OVERLAY, encoding="utf-8")
    return workspace


def test_only_the_model_that_uses_them_trains_again(own: Path) -> None:
    found = dry_run(own, *MINE)
    assert {name: found.jobs.get(name) for name in ("try_functions", "train_grpo", "make_rl_prompts")} == {
        "try_functions": 1, "train_grpo": 1, "make_rl_prompts": None,
    }, found.text  # fmt: skip


def test_a_dry_run_does_not_run_them(own: Path) -> None:
    for name in ("my_schedules.py", "helpers/shapes.py"):
        file = own / "mine" / name
        file.write_text(f"raise SystemExit(1)\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    assert dry_run(own, *MINE).jobs["try_functions"] == 1


def test_they_are_tried_copied_and_hashed_with_what_they_import(own: Path) -> None:
    target = "results/default/functions/adamame"
    done = typed(own, "--cores", "1", target, *MINE)
    assert done.status == 0, done.text
    copies = {path.relative_to(own / target).as_posix() for path in (own / target).rglob("*.*") if path.name[0] != "."}
    assert copies == {
        "my_schedules.py", "my_rewards.py", "helpers/__init__.py", "helpers/shapes.py", "functions.json"
    }  # fmt: skip

    shapes = own / "mine" / "helpers" / "shapes.py"
    shapes.write_text('"""Shapes."""\n\n\ndef root(x):  # square\n    return x**0.5\n', encoding="utf-8")
    assert "try_functions" not in dry_run(own, target, *MINE).jobs  # words alone
    shapes.write_text("def root(x):\n    return x**0.25\n", encoding="utf-8")
    assert dry_run(own, target, *MINE).jobs == {"try_functions": 1}


BAD = {
    "no such file": (
        "schedule",
        "my_schedule.py:growth",
        "models.adamame.alignment.schedule: no file 'my_schedule.py'",
    ),
    "no such function": ("schedule", "my_schedules.py:grwth", "has no function 'grwth'; did you mean 'growth'?"),
    "neither a name nor a function": ("schedule", "cosin", "did you mean 'cosine'?; or file.py:function"),
    "no such match": (
        "match",
        "my_schedules.py:native",
        "models.adamame.alignment.match: 'my_schedules.py' has no function 'native'",
    ),
    "no such reward": ("reward", "my_rewards.py:shrt", "models.adamame.rewards.0.function: 'my_rewards.py' has no"),
    "not Python": ("schedule", "broken.py:growth", "broken.py, line 1: not Python"),
    "a name that Python has": ("schedule", "random.py:growth", "'random.py' has the name of a Python package"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_the_dry_run_refuses(own: Path, case: str) -> None:
    kind, value, wanted = BAD[case]
    (own / "mine" / "broken.py").write_text("def growth(step, total:\n", encoding="utf-8")
    (own / "mine" / "random.py").write_text("def growth(step, total):\n    return 1\n", encoding="utf-8")
    old = {"schedule": "my_schedules.py:growth", "reward": "my_rewards.py:short", "match": '"}'}[kind]
    new = f'", match: "{value}"}}' if kind == "match" else value
    (own / "mine" / "mine.yaml").write_text(OVERLAY.replace(old, new, 1), encoding="utf-8")
    line = dry_run(own, *MINE).complaint
    assert wanted in line and "mine.yaml" in line


def tried(folder: Path, body: str, rewards: tuple[str, ...] = ()) -> tuple[int, str]:
    """Status and error of the job on a file `mine.py` with this text."""
    (folder / "mine.py").write_text(body, encoding="utf-8")
    script = Path(__file__).parents[2] / "workflow" / "scripts" / "try_functions.py"
    kind = rewards[0] if rewards else "schedule"
    schedule, match = ('"mine.py:f"' if kind == name else "null" for name in ("schedule", "match"))
    rewards = () if kind == "match" else rewards
    names = ", ".join(f'"{name}"' for name in rewards)
    options = f'{{"schedule": {schedule}, "match": {match}, "rewards": [{names}], "steps": 50, "code": "0"}}'
    words = [sys.executable, script, "--folder", folder, "--files", "mine.py", "--options", options]
    path = environment(None) | {"PYTHONPATH": str(script.parents[2] / "src")}
    done = subprocess.run([*words, "--out", folder / "out"], env=path, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr and (done.returncode == 0) == (folder / "out").exists()
    return done.returncode, done.stderr.strip()


FAULTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "one argument": ("def f(step):\n    return 1\n", (), "it takes (step), but must take two arguments"),
    "too large": ("def f(step, total):\n    return step\n", (), "mine.py:f: at step 2 of 50 it gives 2, not a number"),
    "a text": ("def f(step, total):\n    return 'x'\n", (), "at step 0 of 50 it gives 'x', not a number from 0 to 1"),
    "fails late": ("def f(step, total):\n    return 1 / (49 - step)\n", (), "mine.py, line 2: ZeroDivisionError"),
    "fails at once": ("import nothing_here\n", (), "mine.py, line 1: ModuleNotFoundError: No module named"),
    "leaves": ("import sys\nsys.exit(3)\n", (), "mine.py, line 2: SystemExit: 3"),
    "match of one argument": ("def f(trace):\n    return True\n", ("match",), "must take three arguments"),
    "match that is a share": ("def f(*a):\n    return 0.5\n", ("match",), "it gives 0.5, not True or False"),
    "match that needs a trace": ("def f(t, r, l):\n    return t[0] == 'x'\n", ("match",), "line 2: IndexError"),
    "reward without kwargs": ("def f(completions):\n    return [0]\n", ("mine.py:f",), "TRL's arguments by name"),
    "one reward for all": ("def f(completions, **k):\n    return 1\n", ("mine.py:f",), "gives 1, not a list of 2"),
    "reward that is no number": (
        "def f(completions, **k):\n    return [float('nan')] * 2\n", ("mine.py:f",), "nan for a completion"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_what_the_job_refuses(tmp_path: Path, case: str) -> None:
    body, rewards, wanted = FAULTS[case]
    status, error = tried(tmp_path, body, rewards)
    assert status == 1 and wanted in error and error.startswith("try_functions: mine.py:f: "), error


def test_what_the_job_accepts(tmp_path: Path) -> None:
    assert tried(tmp_path, "import numpy as np\ndef f(step, total):\n    return np.float32(step / total)\n") == (0, "")


def test_a_path_is_relative_to_the_configuration(
    fresh: Path, tmp_path: Path, write_config: Callable[[dict[str, Any]], Path], default_study: dict[str, Any]
) -> None:
    """Also where the working directory is another one."""
    (tmp_path / "mine.py").write_text("def f(step, total):\n    return 1\n", encoding="utf-8")
    study = {**default_study, "study": "mine"}
    study["models"] = {
        **study["models"],
        "adamame": {**study["models"]["adamame"], "alignment": {"schedule": "mine.py:f"}},
    }
    found = dry_run(fresh, "results/mine/functions/adamame", "--configfile", write_config(study))
    assert found.jobs == {"try_functions": 1}
