"""docs/library.md and docs/command.md show nothing that was not run: their code and their commands run here."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hub_folders import write_model

import vernacular

ROOT = Path(__file__).parents[2]
TRACE = {
    "sw": "Kwanza tunaongeza mbili na tatu, kwa hiyo jibu ni tano.",
    "fr": "D'abord, on ajoute deux et trois : cinq.",
}
COMMANDS = [
    (command, "".join(f"{line}\n" for line in shown))
    for block in re.findall(r"```console\n(.*?)```", (ROOT / "docs/command.md").read_text(encoding="utf-8"), re.S)
    for command, *shown in [part.splitlines() for part in re.split(r"^\$ ", block, flags=re.M) if part]
]
PYTHON = re.findall(r"```python\n(.*?)```", (ROOT / "docs/library.md").read_text(encoding="utf-8"), re.S)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands of the pages read."""
    folder = tmp_path_factory.mktemp("docs")
    write_model(folder / "model", "qwen3", "")
    study = (ROOT / "config/smoke.yaml").read_text(encoding="utf-8").replace("study: smoke", "study: mine")
    (folder / "config.yaml").write_text(study, encoding="utf-8")
    page = folder / "results/mine/index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<p>page</p>", encoding="utf-8")
    texts = {"fr": "Combien font {} et 3 ?", "en": "How much is {} and 3?", "ru": "Сколько будет {} и 3?"}
    rows = [{"id": n, "language": code, "question": text.format(n)} for code, text in texts.items() for n in range(3)]
    lines(folder / "questions.jsonl", rows)
    answer = {"answer": "5", "completion": f"{TRACE['fr']}</think>\\boxed{{5}}", "language": "fr"}
    lines(folder / "completions/a.jsonl", [{"id": n, **answer} for n in range(3)])
    logged = {"doc": {}, "target": "5", "resps": [[answer["completion"]]], "filter": "none"}
    for model in ("my-model", "its-parent"):
        name = "samples_mgsm_native_cot_fr_2026-11-30T10-20-30.123456.jsonl"
        lines(folder / "harness" / model / name, [{"doc_id": n, **logged} for n in range(3)])
    (folder / "table.csv").write_text(f'qid,output,gold\n1,"{TRACE["sw"]}</think>5",5\n', encoding="utf-8")
    return folder


def lines(path: Path, rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")


def shell(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    tool = f'vernacular() {{ "{sys.executable}" -m vernacular.command.main "$@"; }}\n'
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    words = ["bash", "-c", tool + command]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=[command[:40] for command, _ in COMMANDS])
def test_commands(command: str, shown: str, folder: Path) -> None:
    done = shell(folder, command)
    assert done.returncode == 0, done.stderr
    assert not shown or done.stdout == shown


@pytest.mark.parametrize("code", PYTHON)
def test_code(code: str, folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_every_public_name_is_documented_and_there() -> None:
    page = (ROOT / "docs/library.md").read_text(encoding="utf-8")
    for name in vernacular.__all__:
        assert re.search(rf"\b{name}\b", page) and getattr(vernacular, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = vernacular.nothing
    assert len(COMMANDS) >= 9 and len(PYTHON) >= 4


PAGES = [ROOT / "README.md", ROOT / "config/README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for name, heading in re.findall(r"\]\((?!http)([^)#\s]*)#?([^)\s]*)\)", page.read_text(encoding="utf-8")):
        target = page.parent / name if name else page
        assert target.exists(), name
        if heading:
            titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.M)
            assert heading in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles], heading


def test_a_figure_of_ones_own(tmp_path: Path) -> None:
    rows = ["benchmark,model,accuracy,accuracy_low,accuracy_high,lcpr,lcpr_low,lcpr_high"]
    rows += [f"mini,{model},0.5,0.4,0.6,0.{n},0.1,0.8" for n, model in enumerate(("lrm", "sft", "adamame"), 2)]
    (tmp_path / "pareto.csv").write_text("\n".join(rows), encoding="utf-8")
    draw = [sys.executable, str(ROOT / "examples/figure.py"), "pareto.csv", "mine.svg", "--width", "2", "--models"]
    done = subprocess.run([*draw, "lrm", "adamame"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    drawn = (tmp_path / "mine.svg").read_text(encoding="utf-8")
    assert 'width="144pt"' in drawn and "<!-- adamame -->" in drawn and "<!-- sft -->" not in drawn
    done = subprocess.run([*draw, "adamam"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode and "no 'adamam' in pareto.csv; choose from: lrm, sft, adamame" in done.stderr
