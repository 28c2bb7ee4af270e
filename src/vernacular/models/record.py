"""What a training leaves: the model folder with manifest and history, and its costs."""

import shutil
from pathlib import Path
from typing import Any

from vernacular.models.job import CHECKPOINTS, Job
from vernacular.models.processes import is_main
from vernacular.models.provenance import checksums, versions
from vernacular.storage.files import atomic_folder, write_json, write_text
from vernacular.storage.sanitise import csv_lines


def save_model(model: Any, tokenizer: Any, trainer: Any, job: Job, measured: dict[str, float]) -> None:
    """Write the model folder (weights, tokenizer, manifest, history) and the costs; both atomically, costs first.

    measured: what loop.train returned. If several processes train, only the main one writes.
    """
    if not is_main():
        return
    tokens = int(trainer.state.num_input_tokens_seen)
    total = int(sum(p.numel() for p in model.parameters()))
    costs = {"model": job.out.name, "seed": job.seed, **measured, "total_parameters": total, "tokens": tokens}
    write_costs(job.costs, costs)
    with atomic_folder(job.out) as folder:
        if (job.folder / CHECKPOINTS).exists():
            shutil.copytree(job.folder / CHECKPOINTS, folder / CHECKPOINTS)
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        write_history(folder / "history.csv", trainer.state.log_history)
        write_json(
            folder / "manifest.json",
            {
                "model": job.out.name,
                "recipe": job.recipe,
                "key": job.key,
                "code": job.code,
                "inputs": job.digests,
                "seed": job.seed,
                "packages": versions(),
                "trainable_parameters": measured["trainable_parameters"],
                "total_parameters": total,
                "tokens_seen": tokens,
                "notes": job.notes,
                "files": checksums(folder),
            },
        )


def note(job: Job, sentence: str) -> None:
    """Say something about a training in its log, its manifest and its card, such as rows that were left out."""
    job.notes.append(sentence)
    if is_main():
        print(f"{job.out.name}: {sentence}", flush=True)


def note_overlong(job: Job, limit: str, rows: int, truncated: int, dropped: int) -> None:
    """Note how many rows were longer than `limit` (in words), if any was. Raises ValueError if no row is left."""
    if rows == dropped:
        raise ValueError(f"{job.out.name}: each of the {rows:,} rows is longer than {limit}: nothing is left to learn")
    if truncated or dropped:
        long = f"Of {rows:,} rows {truncated + dropped:,} were longer than {limit}"
        note(job, f"{long}: {truncated:,} were cut, {dropped:,} left out.")


def write_history(path: Path, log: list[dict[str, Any]]) -> None:
    """One row for each logged step, without what differs between two runs: wall times, and TRL's own token count (which
    restarts when SFT resumes) where Transformers counts tokens too.

    The summary at the end is not a step; only it has a `train_loss` (if tokens are counted, steps have a runtime too).
    """
    steps = [row for row in log if "train_loss" not in row]
    rows = [{k: v for k, v in row.items() if "time" not in k and "second" not in k} for row in steps]
    for row in rows:
        if "num_input_tokens_seen" in row:
            row.pop("num_tokens", None)
    # Sorted: what a resumed training reads back from its checkpoint has lost the order of the first attempt.
    names = ["step", *sorted({name for row in rows for name in row} - {"step"})]
    write_text(path, csv_lines(names, rows))


def write_costs(path: Path, row: dict[str, Any]) -> None:
    write_text(path, csv_lines([*row], [row]))
