"""Where SLAM's probe ends: questions or activations that it cannot use, its memory, and its scripts."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from probes import (
    LANGUAGES,
    OPTIONS,
    ROWS,
    assert_close,
    model_of,
    probed,
    tokenizer,
)
from scripts import run_script

from vernacular.slam.probe import PROBE, probe
from vernacular.storage.records import QUESTION, read_rows, write_rows

ROOT = Path(__file__).parents[2]


def test_a_language_without_questions_and_unequal_questions_are_errors() -> None:
    model = model_of("llama")
    with pytest.raises(ValueError, match=r"^no 'mini' questions in fr; see slam.languages$"):
        probed(model, languages=[*LANGUAGES, "fr"])
    with pytest.raises(ValueError, match=r"^no 'mgsm' questions in de, en, sw, th; see"):
        probed(model, benchmark="mgsm")
    with pytest.raises(ValueError, match=r"same questions in the same order \(questions: de 11, en 11, sw 11, th 10\)"):
        probed(model, ROWS[:-1])
    renamed = [{**row, "id": "q99"} if row is ROWS[1] else row for row in ROWS]
    with pytest.raises(ValueError, match="'mini' is not parallel"):
        probed(model, renamed)
    with pytest.raises(ValueError, match="equally many questions in each language, at least one; it read: de 1, en 2"):
        probe(model, tokenizer(), [("de", ["ab"]), ("en", ["a", "b"])], replace(OPTIONS, languages=["de", "en"]))


def test_questions_that_are_too_long_or_empty_are_errors() -> None:
    lengths = {(len(tokenizer()(row["question"])["input_ids"]), row["language"]) for row in ROWS}
    longest, language = max(lengths)
    assert probed(model_of("gpt2", max_position_embeddings=longest))
    message = f"a question in '{language}' has {longest} tokens, but the model's context holds {longest - 1}"
    with pytest.raises(ValueError, match=message):
        probed(model_of("gpt2", max_position_embeddings=longest - 1))
    empty = [{**row, "question": ""} if row is ROWS[2] else row for row in ROWS]
    with pytest.raises(ValueError, match="a question in 'sw' has no tokens"):
        probed(model_of("llama"), empty)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_broken_activations_name_layer_and_language(value: float) -> None:
    model = model_of("llama")
    only = set(map(tuple, (tokenizer()(row["question"])["input_ids"] for row in ROWS if row["language"] == "th")))
    others = {token for row in ROWS if row["language"] != "th" for token in tokenizer()(row["question"])["input_ids"]}
    token = next(token for ids in only for token in ids if token not in others)
    real = model.model.layers[1].mlp.gate_proj
    seen: list[torch.Tensor] = []
    model.model.register_forward_pre_hook(lambda _, args, kwargs: seen.append(kwargs["input_ids"]), with_kwargs=True)

    def spoil(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        output[:, :, 3] = torch.where(seen[-1] == token, value, output[:, :, 3])
        return output

    real.register_forward_hook(spoil)
    with pytest.raises(ValueError) as error:
        probed(model)
    assert str(error.value).startswith(
        "layer 1 (model.layers.1.mlp) has NaN or infinite activations on questions in 'th'"
    )
    assert len(str(error.value).splitlines()) == 1
    assert len(real._forward_hooks) == 1, "the probe leaves no hook behind"


MEMORY = """
import itertools, json, re, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from probes import *
from vernacular.slam.mlp import decoder_mlps

def peak():  # of this process alone: ru_maxrss starts with what the parent had when it forked
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def run(count):
    rows = ({**row, "question": "a" * 40} for row in question_rows(count, ["de", "en"]))
    options = replace(OPTIONS, languages=["de", "en"], batch_size=8)
    assert {row["questions"] for row in probe(model, tokenizer(), question_batches(rows, options), options)} == {count}
    return peak()

model = model_of("llama", intermediate_size=3072)
few, many = run(32), run(320)
kept = []
for mlp in decoder_mlps(model):
    mlp.pre.register_forward_hook(lambda _, args, output: kept.append(output > 0))
print(json.dumps([few, many, run(320)]))
"""


def test_ten_times_the_questions_take_no_more_memory() -> None:
    """Peak memory of a process; the same probe that keeps a bit of every activation, as a byte, breaks the bound."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(ROOT / "tests/helpers")], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert not done.returncode, done.stderr
    few, many, keeping = json.loads(done.stdout)
    assert many <= 1.1 * few < keeping


def test_the_scripts_probe_and_choose_and_leave_nothing_half_written(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    model = model_of("llama").float()
    model.save_pretrained(tmp_path / "model")
    tokenizer().save_pretrained(tmp_path / "model")
    questions, out, layers = (tmp_path / name for name in ("questions.parquet", "out/probe.parquet", "out/layers.json"))
    write_rows(questions, ROWS, QUESTION)
    given = ["slam_probe", "--model", tmp_path / "model", "--questions", questions, "--out", out, "--options"]
    assert run_script(*given, replace(OPTIONS, languages=["en", "fr"]).to_json()) == 1 and not out.parent.exists()
    message = f"slam_probe: {tmp_path}/model on {questions}: no 'mini' questions in fr; see slam.languages"
    assert capsys.readouterr().err.splitlines()[-1] == message
    assert run_script(*given, OPTIONS.to_json()) == 0
    assert pq.read_schema(out).equals(PROBE)
    rows = list(read_rows(out))
    assert_close(rows, probed(model), rel=1e-3)

    given = ["slam_select", "--probe", out, "--seed", 1, "--out", layers, "--options"]
    assert run_script(*given, '{"layers": [0, 3]}') == 1 and [path.name for path in out.parent.iterdir()] == [out.name]
    message = f"slam_select: {out}: layers: 3 does not exist; the model has the layers 0 to 2"
    assert capsys.readouterr().err.splitlines()[-1] == message
    assert run_script(*given, json.dumps({"choose": "highest", "by": "msd", "threshold": 0.5, "count": 2})) == 0
    msd = {row["layer"]: row["msd"] for row in rows}
    assert json.loads(layers.read_text())["layers"] == sorted(sorted(msd, key=lambda layer: -msd[layer])[:2])
