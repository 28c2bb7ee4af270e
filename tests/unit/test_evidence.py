"""Evidence: a seed's scores come back as they were, seeds of different code are not joined, broken files are named."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from score_rows import score_frame, score_row

from vernacular.evaluation import evidence
from vernacular.evaluation.evidence import cpu, pack, read_evidence, told_of
from vernacular.planning.evidence import seed_files

RANDOM = np.random.default_rng(7)


def scores(count: int = 50) -> pd.DataFrame:
    """Rows of records.SCORE, some of whose columns are null."""
    rows = [
        score_row(
            f"q{number // 2}",
            sample=number % 2,
            problem=None if number % 3 else f"q{number // 4}",
            correct=bool(RANDOM.random() < 0.5),
            answer=str(number),
            trace_language="fr" if number % 5 else None,
            line_pass=bool(number % 5),
            word_pass=True if number % 5 else None,
            foreign_script=None if number % 7 else False,
            answer_language=None,
            tokens=int(RANDOM.integers(40, 90)),
            characters=int(RANDOM.integers(100, 300)),
        )
        for number in range(count)
    ]
    return score_frame(rows)


def told(seed: int, **changes: Any) -> dict[str, Any]:
    return {"seed": seed, "code": "c0de", "config": "c0f19", "versions": {"torch": "2"}, "cpu": cpu()} | changes


def packed(folder: Path, seed: int, **changes: Any) -> Path:
    path = folder / f"seed-{seed}.parquet"
    frames = {("sft", "mini", seed): scores(), ("lrm+forced-prefix", "mini", seed): scores(10)}
    pack(frames, told(seed, **changes), path)
    return path


def test_scores_come_back_as_they_were(tmp_path: Path) -> None:
    frames = {("sft", "mini", 3): scores(), ("lrm+forced-prefix", "other", 3): scores(10)}
    size = pack(frames, told(3), tmp_path / "seed-3.parquet")
    assert size == (tmp_path / "seed-3.parquet").stat().st_size
    common, found = read_evidence([tmp_path / "seed-3.parquet"])
    assert common == {"code": "c0de", "config": "c0f19"} and list(found) == list(frames)
    for key, frame in frames.items():
        assert found[key].astype(object).where(found[key].notna(), None).to_dict("list") == frame.astype(object).where(
            frame.notna(), None
        ).to_dict("list")
    assert told_of(tmp_path / "seed-3.parquet") == told(3) and cpu()["name"]


def test_seeds_are_joined_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for seed in (10, 2, 1):
        packed(tmp_path, seed)
    (tmp_path / "seed-x.parquet").write_bytes(b"")
    files = seed_files(tmp_path)
    assert [path.stem for path in files] == ["seed-1", "seed-2", "seed-10"]
    assert [seed for model, _, seed in read_evidence(files)[1] if model == "sft"] == [1, 2, 10]


@pytest.mark.parametrize("key", ["code", "config"])
def test_seeds_of_other_code_or_configuration_are_not_joined(key: str, tmp_path: Path) -> None:
    files = [packed(tmp_path, 1), packed(tmp_path, 2, **{key: "other"})]
    with pytest.raises(ValueError, match=rf"seed-2.parquet: of another {key} \(other\) than .*seed-1.parquet \(c0"):
        read_evidence(files)


def test_what_cannot_be_joined_is_named(tmp_path: Path) -> None:
    first = packed(tmp_path, 1)
    copy = tmp_path / "seed-5.parquet"
    copy.write_bytes(first.read_bytes())
    with pytest.raises(ValueError, match=r"seed-5.parquet: seed 1 is in another file too; remove one"):
        read_evidence([first, copy])
    copy.write_bytes(first.read_bytes()[:-500])
    with pytest.raises(ValueError, match=r"seed-5.parquet: not a file of evidence; remove it, or restore it"):
        read_evidence([first, copy])
    pq.write_table(pq.read_table(first).replace_schema_metadata({}), copy)
    with pytest.raises(ValueError, match="not a file of evidence"):
        read_evidence([first, copy])
    with pytest.raises(ValueError, match="no files of evidence; make one: make evidence PART=adamame SEED=1"):
        read_evidence([])


def test_a_file_holds_one_seed_and_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="scores of seed 2 among those of seed 1"):
        pack({("sft", "mini", 2): scores()}, told(1), tmp_path / "seed-1.parquet")
    monkeypatch.setattr(evidence, "LARGEST", 100)
    with pytest.raises(ValueError, match=r"bytes of evidence, and at most 100 are kept; ask fewer questions"):
        packed(tmp_path, 1)
    assert list(tmp_path.iterdir()) == []
