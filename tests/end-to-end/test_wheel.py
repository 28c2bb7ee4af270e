"""The wheel alone: built, installed with its core packages in a fresh environment, used with no checkout in reach."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("src", "Snakefile", "workflow", "config", "profiles", "pyproject.toml", "setup.py", "README.md", "LICENSE")
TRACE = "D'abord, on ajoute les pommes aux précédentes : 2 + 3 = 5."
pytestmark = pytest.mark.slow


def run(folder: Path, *command: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """In a folder, without what may lead to a checkout."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return subprocess.run(
        list(map(str, command)), cwd=folder, env=environment, input=stdin, capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    for part in PARTS:  # of a copy, in which a build may leave what it likes
        source, target = ROOT / part, folder / "source" / part
        target.parent.mkdir(exist_ok=True)
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(source, target, ignore=ignore) if source.is_dir() else shutil.copy2(source, target)
    done = run(folder, sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, "./source")
    assert done.returncode == 0, done.stderr
    [found] = folder.glob("vernacular-*.whl")
    return found


@pytest.fixture(scope="module")
def bins(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fresh")
    assert run(folder, sys.executable, "-m", "venv", folder / "venv").returncode == 0
    found = folder / "venv" / "bin"
    done = run(folder, found / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    assert done.returncode == 0, done.stderr
    return found


def test_what_the_wheel_holds(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names, size = set(archive.namelist()), sum(info.file_size for info in archive.infolist())
    assert size < 10_000_000
    for name in (
        *("py.typed", "resources/languages.yaml", "resources/phrasebook/fr.yaml", "resources/templates/page.css"),
        *("checkout/Snakefile", "checkout/workflow/scripts/score.py", "checkout/config/config.yaml"),
    ):
        assert f"vernacular/{name}" in names
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests", "benchmarks"))]


def test_the_core_has_no_torch_and_imports_in_under_a_second(bins: Path, tmp_path: Path) -> None:
    code = (
        "import time; start = time.process_time()\n"
        "import vernacular, sys\n"
        "from vernacular import LanguageIdentifier, judge, is_correct, AdaMameReward\n"
        "print(time.process_time() - start, vernacular.__file__)\n"
        "for name in vernacular.__all__: getattr(vernacular, name)\n"
        "assert not {'torch', 'transformers', 'trl', 'matplotlib', 'snakemake'} & set(sys.modules)\n"
    )
    times = []  # of the processor: other tests run beside this one
    for _ in range(3):
        done = run(tmp_path, bins / "python", "-c", code)
        assert done.returncode == 0, done.stderr
        seconds, place = done.stdout.split()
        assert Path(place).is_relative_to(bins.parent)
        times.append(float(seconds))
    print(f"import: {min(times):.2f} s", end=" ")
    listed = run(tmp_path, bins / "python", "-m", "pip", "list", "--format=freeze").stdout
    assert "torch==" not in listed and "matplotlib==" not in listed
    assert min(times) < 1


def test_identify_check_and_score(bins: Path, tmp_path: Path) -> None:
    tool = bins / "vernacular"
    done = run(tmp_path, tool, "identify", stdin=f"{TRACE}\n12\n")
    assert (done.returncode, done.stdout) == (0, f"fr\t{TRACE}\n-\t12\n"), done.stderr
    for text, status in (("La réponse est \\boxed{18}.", 0), ("\\boxed{19}", 1)):
        done = run(tmp_path, tool, "check", "18", text, "--language", "fr")
        assert done.returncode == status and not done.stderr
    done = run(tmp_path, tool, "check", "\\frac{1}{2}", "\\boxed{0.5}", "--language", "fr")  # math-verify's process
    assert done.returncode == 0, done.stdout + done.stderr
    row = {"id": 1, "language": "fr", "answer": "5", "completion": f"{TRACE}</think>\\boxed{{5}}"}
    (tmp_path / "m.jsonl").write_text(json.dumps(row) + "\n")
    done = run(tmp_path, tool, "score", "m.jsonl", "--draws", "100", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["scores"][0]["lcpr"] == 1, done.stderr
    assert "pip install 'vernacular[plot]'" in done.stderr and (tmp_path / "scored/scores.csv").exists()


def test_what_an_extra_brings_is_named(bins: Path, tmp_path: Path) -> None:
    tool = bins / "vernacular"
    rows = [{"id": 1, "language": code, "question": "2 + 3 ?"} for code in ("fr", "en")]
    (tmp_path / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "c.yaml").write_text("study: mine\n")
    dataset = ("push", "--dataset", "c.yaml", "--repo", "me/x")
    for command, extra in (
        (("probe", ".", "q.jsonl"), "train"), (("plan", "c.yaml"), "workflow"), (dataset, "workflow")
    ):  # fmt: skip
        done = run(tmp_path, tool, *command)
        assert done.returncode == 2 and f"pip install 'vernacular[{extra}]'" in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1
    done = run(tmp_path, tool, "new", "mine")
    assert done.returncode == 0 and "to run it: pip install 'vernacular[workflow]'" in done.stdout, done.stderr


def test_a_study_of_ones_own_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """With the packages of [workflow] from this environment, the library itself from the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "import os; os.environ['PYTHONPATH'] = sys.path[0]\n"
        "import vernacular; assert vernacular.__file__.startswith(sys.path[0])\n"
        "from vernacular.command.main import main\n"
        "assert main(['new', 'mine', '--like', 'smoke']) == 0\n"
        "import subprocess; os.chdir('mine')\n"
        "target = 'results/mine/corpus/questions/dev.parquet'\n"
        "plan = [sys.executable, '-m', 'snakemake', '--cores', '1']\n"
        "print(subprocess.run([*plan, '-n'], check=True, capture_output=True, text=True).stdout)\n"
        "subprocess.run([*plan, '--', target], check=True)\n"
        "assert os.path.getsize(target)\n"
    )
    done = run(tmp_path, sys.executable, "-P", "-c", code)
    assert done.returncode == 0 and "train_grpo" in done.stdout, done.stdout + done.stderr
