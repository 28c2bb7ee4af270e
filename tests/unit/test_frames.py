"""Score files read for a table: named by their path, and only the questions that the table's evaluation asks."""

import itertools
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from vernacular.evaluation.frames import read_frames
from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.questions import chosen_questions
from vernacular.evaluation.version import METRICS_VERSION, read_table
from vernacular.storage.records import SCORE, read_rows, write_rows
from vernacular.study.evaluations import GENERATION, answerings

ROWS = [
    {"id": f"q{number:02}", "benchmark": "mini", "language": language, "sample": 0, "correct": number % 3 == 0}
    for language in ("fr", "en", "ja")
    for number in (4, 0, 3, 1, 2, 5)
]


def asking(languages: list[str], questions: int | None, questions_en: int | None = None) -> dict[str, Any]:
    return {"languages": languages, "questions": questions, "questions_en": questions_en, "decoding": "plain"}


def chosen_rows(asked: dict[str, Any]) -> list[dict[str, Any]]:
    options = {name: asked[name] for name in ("languages", "questions", "questions_en", "decoding")}
    return chosen_questions(ROWS, "mini", GenerationOptions(max_new_tokens=1, **options), "file")


def written(folder: Path, rows: list[dict[str, Any]], model: str = "lrm", seed: int = 3) -> Path:
    path = folder / f"seed-{seed}" / "scores" / model / "mini.parquet"
    path.parent.mkdir(parents=True)
    blank = dict.fromkeys(SCORE.names) | {"metrics_version": METRICS_VERSION}
    write_rows(path, ({name: row.get(name, blank[name]) for name in SCORE.names} for row in rows), SCORE)
    return path


def test_frames_are_named_by_their_path(tmp_path: Path) -> None:
    paths = [written(tmp_path, ROWS), written(tmp_path, ROWS[:3], "sft", 10)]
    frames = read_frames(paths)
    assert {key: len(frame) for key, frame in frames.items()} == {("lrm", "mini", 3): 18, ("sft", "mini", 10): 3}


@pytest.mark.parametrize(
    "options",
    [
        asking(["fr", "en", "ja"], None),
        asking(["fr", "en", "ja"], 2),
        asking(["fr", "en", "ja"], 2, 5),
        asking(["ja"], 3, 5),
        asking(["en"], 4, 1),
        asking(["fr", "en"], None, 2),
        asking(["fr", "en"], 100, 100),
    ],
    ids=str,
)
def test_a_table_reads_what_its_own_evaluation_would_have_asked(options: dict[str, Any], tmp_path: Path) -> None:
    """Although the file holds what another one asked besides."""
    path = written(tmp_path, ROWS)
    (frame,) = read_frames([path], {"lrm/mini": options}).values()
    chosen = {(row["id"], row["language"]) for row in chosen_rows(options)}
    assert chosen and {*zip(frame["id"], frame["language"], strict=True)} == chosen and len(frame) == len(chosen)


OPTIONS = [asking(["fr", "ja"], 2), asking(["en"], 3), asking(["fr", "en"], None, 2), asking(["fr", "en"], 1, 5)]


@pytest.mark.parametrize("one, other", list(itertools.permutations(OPTIONS, 2)), ids=str)
def test_two_evaluations_share_one_generation(one: dict[str, Any], other: dict[str, Any], tmp_path: Path) -> None:
    """It asks what either asks, and each finds in it exactly what it would have asked alone."""
    rest = dict.fromkeys(GENERATION, 1) | {
        "models": ["lrm"],
        "benchmarks": ["mini"],
        "translator": None,
        "resources": {},
    }
    study = {"evaluations": [{**rest, **one}, {**rest, **other}], "prompts": None, "models": {}}
    ((key, answer),) = answerings(study).items()
    assert key == ("lrm", "mini") and answer.model == "lrm"
    path = written(tmp_path, chosen_questions(ROWS, "mini", answer.options, "file"))
    for own in (one, other):
        (frame,) = read_frames([path], {"lrm/mini": own}).values()
        alone = pd.DataFrame(chosen_rows(own))
        own_columns = ["id", "language", "sample", "correct"]
        pd.testing.assert_frame_equal(frame[own_columns].reset_index(drop=True), alone[own_columns])


def test_each_file_is_cut_to_its_own(tmp_path: Path) -> None:
    paths = [written(tmp_path, ROWS), written(tmp_path, ROWS, "sft")]
    wanted = {"lrm/mini": asking(["fr"], 1), "sft/mini": asking(["ja"], 2)}
    one, two = read_frames(paths, wanted).values()
    assert (set(one["language"]), set(one["id"]), set(two["language"]), set(two["id"])) == (
        {"fr"}, {"q00"}, {"ja"}, {"q00", "q01"},
    )  # fmt: skip


@pytest.mark.parametrize("other, named", [(1, 1), (None, 1), (METRICS_VERSION + 1, METRICS_VERSION + 1)])
def test_scores_of_another_metrics_version_are_refused(other: int | None, named: int, tmp_path: Path) -> None:
    """Also where only some rows are: both versions are named, and what to do."""
    sound = written(tmp_path, ROWS)
    path = written(tmp_path, [*ROWS[:3], {**ROWS[3], "metrics_version": other}], "sft")
    said = f"{path}: of metrics version {named}, but this is version {METRICS_VERSION}; delete it and score again"
    with pytest.raises(ValueError) as caught:
        read_frames([sound, path])
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value)


def test_scores_from_before_the_versions_are_of_the_first(tmp_path: Path) -> None:
    path = written(tmp_path, ROWS)
    names = ["id", "language", "sample", "correct", "tokens"]
    write_rows(path, list(read_rows(path, names)), pa.schema([SCORE.field(name) for name in names]))
    with pytest.raises(ValueError, match=f"mini.parquet: of metrics version 1, but this is version {METRICS_VERSION};"):
        read_frames([path])


def test_tables_of_another_metrics_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(f"model,metrics_version\nm,{METRICS_VERSION}\n")
    assert read_table(path)["model"].tolist() == read_table(path, dtype=str)["model"].tolist() == ["m"]
    for text in ("model\nm\n", "model\n", f"model,metrics_version\nm,{METRICS_VERSION}\nm,1\n", "metrics_version\n1\n"):
        path.write_text(text)
        with pytest.raises(ValueError, match="scores.csv: of metrics version 1, .*; delete it and rerun"):
            read_table(path)


def test_other_files_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mini.parquet: not in a folder seed-<n>"):
        read_frames([tmp_path / "mini.parquet"])
    path = written(tmp_path, ROWS)
    path.write_text("no table")
    with pytest.raises(ValueError, match="cannot be read as Parquet .* delete it and rerun") as caught:
        read_frames([path])
    assert "\n" not in str(caught.value)
