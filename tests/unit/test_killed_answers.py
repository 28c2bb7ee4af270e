"""Answers that are killed again and again: the file in the end is that of a run that never was, byte for byte.

The scripts run whole, in forks of the tests' process, so that none has to import PyTorch again; batches are single
sequences, and the models tiny and random.
"""

import json
import os
import random
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from merges import LANGUAGES, QUESTIONS, write_parent
from scripts import run_script

from vernacular.adamame import prompts
from vernacular.adamame.options import PromptsOptions
from vernacular.evaluation import generate
from vernacular.evaluation.options import GenerationOptions
from vernacular.language.options import IdentifierOptions
from vernacular.merge.model import build_merge
from vernacular.storage.records import GENERATION, QUESTION, read_rows, write_rows

LLAMA = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "max_position_embeddings": 2048, "initializer_range": 0.2,
}  # fmt: skip
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_decoder_layers": 1, "num_heads": 2}
OPTIONS = GenerationOptions(LANGUAGES, max_new_tokens=24, samples=2, temperature=0.8, batch_tokens=1, dtype="float32")
RL = PromptsOptions(QUESTIONS[0]["benchmark"], LANGUAGES, [0.0, 1.0], 4, 1.0, max_new_tokens=24, batch_tokens=1)
COUNT = {"make_rl_prompts": len({row["id"] for row in QUESTIONS}) * 4}  # completions; else two for each question
COUNT["generate_translated"] = 2 * len(LANGUAGES)  # of one question, since translations take long


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models")
    parents = {"llm": str(write_parent(folder / "llm", "llama", LLAMA))}
    parents["encoder"] = str(write_parent(folder / "encoder", "t5", {**T5, "decoder_start_token_id": 0}))
    limit = folder / "encoder" / "tokenizer_config.json"  # so that translations end before the context does
    limit.write_text(json.dumps({**json.loads(limit.read_text()), "model_max_length": 250}))
    (folder / "merge").mkdir()
    options = {"gate": "cross-attention", "language_embedding": 4, "languages": LANGUAGES}
    build_merge({**options, **parents}).save_pretrained(folder / "merge")
    write_rows(folder / "questions.parquet", QUESTIONS, QUESTION)
    return folder


def words(script: str, folder: Path, out: Path, **changes: Any) -> list[object]:
    model = folder / ("merge" if script == "generate_merged" else "llm")
    found: list[object] = ["--model", model, "--questions", folder / "questions.parquet", "--seed", 1, "--out", out]
    found += ["--code", changes.pop("code", "c")]
    if script == "make_rl_prompts":
        return [*found, "--options", replace(RL, **changes).to_json()]
    changes |= {"questions": 1} if script == "generate_translated" else {}
    found += ["--benchmark", QUESTIONS[0]["benchmark"], "--options", replace(OPTIONS, **changes).to_json()]
    found += ["--translator", folder / "encoder"] if script == "generate_translated" else []
    return found + (["--identifier", IdentifierOptions(LANGUAGES).to_json()] if script == "generate_merged" else [])


def child(out: Path, work: Callable[[], int]) -> int:
    """A fork that does the work; its output goes to <out>.log, and each batch that it begins to <out>.batches."""
    if pid := os.fork():
        return pid
    status = 70
    try:
        sys.stdout = sys.stderr = out.with_suffix(".log").open("a", buffering=1)
        whole = generate.generate_batch

        def counted(*arguments: Any) -> Any:
            with out.with_suffix(".batches").open("a") as file:
                file.write("1")
            return whole(*arguments)

        generate.generate_batch = counted
        # Random models solve nothing, and then there is no file; one answer in three counts as right here.
        prompts.is_correct = lambda answer, response, language: sum(map(ord, response)) % 3 == 0
        status = work()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def run(script: str, folder: Path, out: Path, **changes: Any) -> int:
    """Its exit status."""
    return ended(child(out, lambda: run_script(script, *words(script, folder, out, **changes))))


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def wait_until(condition: Callable[[], bool], pid: int) -> None:
    """Or until the process has ended."""
    while not condition() and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        time.sleep(0.001)


def kept(out: Path) -> int:
    """Batches, of one row each."""
    path = out.with_name(f".{out.name}.begun")
    return path.read_bytes().count(b"\n") - 1 if path.exists() and path.stat().st_size else 0


def begun(out: Path) -> int:
    path = out.with_suffix(".batches")
    return path.stat().st_size if path.exists() else 0


@pytest.mark.parametrize("script", ["generate", "generate_merged", "generate_translated", "make_rl_prompts"])
def test_killed_at_random_moments(script: str, folder: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole.parquet", tmp_path / "killed.parquet"
    assert run(script, folder, whole) == 0, whole.with_suffix(".log").read_text()
    count = COUNT.get(script, 2 * len(QUESTIONS))
    assert begun(whole) == count

    moments, last = random.Random(script), 0
    for kills in range(1, 5):
        pid = child(out, lambda: run_script(script, *words(script, folder, out)))
        wanted = kept(out) + moments.randint(0, count // 6) + (kills == 1)
        wait_until(lambda wanted=wanted: kept(out) >= wanted, pid)
        time.sleep(moments.uniform(0, 0.2))
        os.kill(pid, signal.SIGKILL)
        assert ended(pid) in (-signal.SIGKILL, 0)
        out.unlink(missing_ok=True)  # as Snakemake does where a job, or a later one of its group, fails
        assert last <= kept(out) <= count
        last = kept(out)
        assert begun(out) - kills <= last  # each kill lost the batch that it interrupted at most
    assert last > 0
    assert run(script, folder, out) == 0, out.with_suffix(".log").read_text()
    assert out.read_bytes() == whole.read_bytes()
    assert count <= begun(out) <= count + kills


def test_the_end_by_sigterm_is_one_line_and_nothing_made_is_lost(folder: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole.parquet", tmp_path / "ended.parquet"
    assert run("generate", folder, whole) == 0
    pid = child(out, lambda: run_script("generate", *words("generate", folder, out)))
    wait_until(lambda: kept(out) >= 3, pid)
    os.kill(pid, signal.SIGTERM)
    assert ended(pid) == 1
    count, last, then = 2 * len(QUESTIONS), out.with_suffix(".log").read_text().splitlines()[-1], kept(out)
    said = re.fullmatch(rf"generate: ended by SIGTERM after (\d+) of {count} .*, which are kept; rerun it", last)
    assert said, out.with_suffix(".log").read_text()
    assert 0 <= then - int(said[1]) <= 1
    assert run("generate", folder, out) == 0
    log = out.with_suffix(".log").read_text()
    assert f"resumed after {then} of {count} completions" in log
    assert re.search(rf"{count} of {count} completions, \d+ tokens/s, about 0 s left", log)
    assert out.read_bytes() == whole.read_bytes()


CHANGES: dict[str, dict[str, Any]] = {
    "options": {"max_new_tokens": 20},
    "batches": {"batch_tokens": 300},
    "code": {"code": "d"},
}


@pytest.mark.parametrize("change", [*CHANGES, "model", "questions"])
def test_what_was_made_otherwise_is_made_again(change: str, folder: Path, tmp_path: Path) -> None:
    """As a study's rerun would be: no row of the killed run is in the file."""
    out, whole = tmp_path / "out.parquet", tmp_path / "whole.parquet"
    pid = child(out, lambda: run_script("generate", *words("generate", folder, out)))
    wait_until(lambda: kept(out) >= 5, pid)
    os.kill(pid, signal.SIGKILL)
    assert ended(pid) == -signal.SIGKILL
    other = tmp_path / "other"
    other.mkdir()
    for path in folder.iterdir():
        (other / path.name).symlink_to(path)
    if change == "model":
        (other / "llm").unlink()
        write_parent(other / "llm", "llama", LLAMA, seed=2)
    if change == "questions":
        (other / "questions.parquet").unlink()
        rows = [{**row, "question": f"{row['question']} ?"} for row in QUESTIONS]
        write_rows(other / "questions.parquet", rows, QUESTION)
    for path in (out, whole):
        assert run("generate", other, path, **CHANGES.get(change, {})) == 0
    assert "resumed" not in out.with_suffix(".log").read_text()
    assert out.read_bytes() == whole.read_bytes()


def test_a_batch_that_does_not_fit_the_memory_is_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By PyTorch's own errors: the CPU's, of a tensor of four petabytes, and the class of the GPU's."""

    def too_large(*arguments: Any) -> Any:
        torch.empty(2**50, dtype=torch.float32)

    def gpu(*arguments: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    out = tmp_path / "out.parquet"
    for error in (too_large, gpu):
        monkeypatch.setattr(generate, "generate_batch", error)
        assert run_script("generate", *words("generate", folder, out, batch_tokens=1000)) == 1
        (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
        assert line.startswith("generate: out of memory in a batch of ")
        tokens = int(line.split("a batch of ")[1].split(" tokens")[0].replace(",", ""))
        assert 500 < tokens <= 1000
        assert f"set the key `batch_tokens` of this evaluation (or of `rl`) to {tokens // 2}, and run again" in line
        assert run_script("generate", *words("generate", folder, out, batch_tokens=1)) == 1
        assert "lower `max_new_tokens`" in capsys.readouterr().err
    monkeypatch.undo()
    assert run_script("generate", *words("generate", folder, out, batch_tokens=tokens // 2)) == 0
    assert len(list(read_rows(out, schema=GENERATION))) == 2 * len(QUESTIONS)


def test_other_errors_keep_their_words(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*arguments: Any) -> Any:
        raise RuntimeError("shapes cannot be multiplied")

    monkeypatch.setattr(generate, "generate_batch", wrong)
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        run_script("generate", *words("generate", folder, tmp_path / "out.parquet"))
