"""What every training shares: threads and seed, a locked checkpoint folder, resuming, saving model, manifest, history.

A killed training goes on from its last whole checkpoint and, on the CPU, ends with the weights of one never killed.
Where several processes train (vernacular.models.launch), all go through the same steps and only the main one writes.
"""

import argparse
import csv
import fcntl
import json
import math
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

from vernacular.models.manifest import checksums, digest, training_key, versions
from vernacular.models.processes import agreed, gathered, is_main, join, leave
from vernacular.storage.files import atomic_folder, read_json, write_json, write_text

WHOLE = "whole"  # the marker that a checkpoint was written to its end: the seconds of training, the sizes of its files
KEPT = "checkpoints"  # in a model's folder: its weights after earlier steps, where a study asks for them


@dataclass
class Job:
    """One training: its recipe, what it reads, where it writes. `inputs` maps a name to a file or model folder."""

    recipe: dict[str, Any]
    code: str
    seed: int
    inputs: dict[str, Path]
    out: Path
    costs: Path
    checkpoints: Path  # the parent folder of all keys
    digests: dict[str, str]
    key: str
    progress: int  # file descriptor

    @property
    def folder(self) -> Path:
        return self.checkpoints / self.key

    @property
    def kept(self) -> Path:
        return self.folder / KEPT


class Stateful(Protocol):
    """State beside the trainer's own that a checkpoint must keep."""

    def save(self, folder: Path) -> None: ...
    def load(self, folder: Path) -> None: ...


def training_arguments(
    description: str | None, argv: list[str] | None, extra: dict[str, str] | None = None
) -> argparse.Namespace:
    """The command line of every training script; `extra` maps further options, all required, to their help."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--recipe", required=True, type=json.loads, help="JSON: the model's recipe")
    parser.add_argument("--code", required=True, help="hash of the training's code, part of the checkpoints' key")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--input", required=True, action="append", help="NAME=PATH of what it reads; repeatable")
    parser.add_argument("--checkpoints", required=True, type=Path, help="folder for the checkpoints of all trainings")
    parser.add_argument("--out", required=True, type=Path, help="model folder")
    parser.add_argument("--costs", required=True, type=Path, help="seconds, tokens, memory (CSV)")
    parser.add_argument("--progress", type=int, default=2, help="file descriptor for progress; 2 is standard error")
    for option, text in (extra or {}).items():
        parser.add_argument(option, required=True, help=text)
    return parser.parse_args(argv)


@contextmanager
def training_job(args: argparse.Namespace) -> Iterator[Job | None]:
    """Lock the checkpoints of this training and set threads and seed; None where another process has just finished it.

    A killed Snakemake leaves its jobs alive, so the same training may still run: then this one waits for it.
    """
    import torch
    from transformers import set_seed

    recipe, out = args.recipe, args.out
    join(recipe)
    inputs = {name: Path(path) for name, path in (pair.split("=", 1) for pair in args.input)}
    torch.set_num_threads(recipe["threads"])
    set_seed(args.seed)
    digests = agreed({name: digest(path) for name, path in inputs.items()} if is_main() else {})
    key = training_key(recipe, args.code, digests, args.seed)
    job = Job(recipe, args.code, args.seed, inputs, out, args.costs, args.checkpoints, digests, key, args.progress)
    job.folder.mkdir(parents=True, exist_ok=True)
    with (job.folder / "lock").open("a+") if is_main() else nullcontext() as lock:
        take(lock, out.name)
        manifest = out / "manifest.json"
        there = manifest.exists() and args.costs.exists() and read_json(manifest).get("key") == key
        finished = agreed(there)
        if finished and is_main():
            print(f"{out.name}: finished already, from the same recipe, code, data and seed", flush=True)
        try:
            yield None if finished else job
        except Exception as error:
            if told := not_written(error):
                raise OSError(f"{out.name}: a file could not be written ({told}); is the disk full?") from None
            raise
        if is_main():
            shutil.rmtree(job.folder, ignore_errors=True)
        leave()


def not_written(error: Exception) -> str | None:
    """What safetensors, tokenizers or torch say where a write failed: no OSErrors, and torch's tell no reason."""
    text = " ".join(str(error).split())[:200]
    rust = type(error).__name__ in ("SafetensorError", "Exception") and "os error" in text
    writers = ("PytorchStreamWriter", "inline_container", "iostream error")
    torch = isinstance(error, RuntimeError) and any(word in text for word in writers)
    return text if rust or torch else None


def take(lock: TextIO | None, name: str) -> None:
    """Hold the lock of a training's checkpoints, which ends with the process; who holds it stands in the file.

    Of several processes the main one takes it; the others, who have no lock, wait with it.
    """
    told = False
    while not agreed(lock is None or locked(lock)):
        if lock and not told:
            lock.seek(0)
            print(f"{name}: {lock.read().strip()} trains it (of a killed run?); waiting for its end", flush=True)
        told = True
        time.sleep(1)
    if lock:
        lock.truncate(0)
        print(f"process {os.getpid()} on {socket.gethostname()}", file=lock, flush=True)


def locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def mark_whole(checkpoint: Path, seconds: float) -> None:
    files = [path for path in sorted(checkpoint.rglob("*")) if path.is_file()]
    sizes = {str(path.relative_to(checkpoint)): path.stat().st_size for path in files}
    write_json(checkpoint / WHOLE, {"seconds": round(seconds, 3), "sizes": sizes})


def is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint was written to its end and none of its files was lost or cut off since."""
    try:
        sizes = read_json(checkpoint / WHOLE)["sizes"]
        return all((checkpoint / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that is whole; broken ones are removed."""
    steps = {int(path.name.split("-")[1]): path for path in folder.glob("checkpoint-*")}
    for step, path in list(steps.items()):
        if not is_whole(path):
            shutil.rmtree(path)
            del steps[step]
    return steps[max(steps)] if steps else None


def train(trainer: Any, job: Job, states: list[Stateful]) -> dict[str, float]:
    """Run a Transformers trainer from the job's last checkpoint, if any.

    Returns what it cost, up to that checkpoint and since: seconds, those of them in the reward, peak memory and
    optimizer state (bytes, of the process that needs most; these since then); and how many parameters it trained. What
    a kill undid is not counted.
    """
    import resource

    import torch
    from transformers import TrainerCallback

    stopped: list[int] = []  # the signal, if one came
    ended: list[int] = []  # the step that all processes ended after, since one of them got a signal
    # GRPO's rollouts are in no checkpoint, so it may only stop between them; they are counted in batches, not in steps.
    batches = (getattr(trainer.args, "steps_per_generation", None) or 1) * getattr(trainer.args, "num_iterations", 1)
    accumulated = trainer.args.gradient_accumulation_steps
    whole = math.lcm(batches, accumulated) // accumulated

    class Checkpointing(TrainerCallback):
        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            gathered(None)  # all processes have written their parts
            if is_main():
                for extra in states:
                    extra.save(folder)
                mark_whole(folder, earlier + time.monotonic() - start)

        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            seconds = time.monotonic() - start
            if is_main():
                report_progress(job.out.name, state.global_step, state.max_steps, seconds, done, job.progress)
            if state.global_step % whole == 0 and any(gathered(bool(stopped))):
                ended.append(state.global_step)
                control.should_save = control.should_training_stop = True

    # Counted now: merging an adapter takes its parameters away.
    trainable = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    trainer.add_callback(Checkpointing())
    start = time.monotonic()
    resume = agreed(last_checkpoint(job.folder) if is_main() else None)
    done, earlier = int(resume.name.split("-")[1]) if resume else 0, 0.0
    if resume:
        earlier = float(read_json(resume / WHOLE)["seconds"])
        if is_main():
            print(f"{job.out.name}: resumed at step {done}", flush=True)
        for extra in states:
            extra.load(resume)
    # A cluster says so before it ends a job: at the time limit (--signal), for a more urgent job, on scancel.
    before = signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number))
    try:
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)
    finally:
        signal.signal(signal.SIGTERM, before)
    if ended and trainer.state.global_step < trainer.state.max_steps:
        raise ValueError(
            f"{job.out.name}: ended by SIGTERM after step {trainer.state.global_step} of {trainer.state.max_steps}, "
            "with a checkpoint; run it again and it goes on from there"
        )
    memory = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    tensors = [v for state in trainer.optimizer.state.values() for v in state.values() if torch.is_tensor(v)]
    own = [tensor.to_local() if hasattr(tensor, "to_local") else tensor for tensor in tensors]  # of a shard, its part
    return {
        "seconds": round(earlier + time.monotonic() - start, 3),
        "reward_seconds": round(sum(row.get("reward_seconds", 0.0) for row in trainer.state.log_history), 3),
        "peak_memory": max(gathered(memory or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)),
        "optimizer_bytes": max(gathered(sum(tensor.numel() * tensor.element_size() for tensor in own))),
        "trainable_parameters": trainable,
    }


def report_progress(name: str, step: int, total: int, seconds: float, done: int, descriptor: int = 2) -> None:
    """A moving line on one's own terminal, else ten plain lines: trainings that run side by side share the workflow's.

    `done` steps were there before these `seconds`; `descriptor` is that of the file that the lines go to.
    """
    left = seconds / max(step - done, 1) * (total - step)
    line = f"{name}: step {step} of {total}, about {left:.0f} s left"
    if descriptor == 2 and sys.stderr.isatty():
        print(f"\r{line} ", end="\n" if step == total else "", file=sys.stderr, flush=True)
    elif step % max(total // 10, 1) == 0:
        with nullcontext(sys.stderr) if descriptor == 2 else progress_file(descriptor) as stream:
            print(line, file=stream, flush=True)


def progress_file(descriptor: int) -> TextIO:
    """The file of a descriptor that the shell gave; a process that a launcher started finds it at its parent."""
    if "LOCAL_RANK" in os.environ:
        return open(f"/proc/{os.getppid()}/fd/{descriptor}", "a")
    return open(descriptor, "w", closefd=False)


def save_model(model: Any, tokenizer: Any, trainer: Any, job: Job, measured: dict[str, float]) -> None:
    """Write the model folder (weights, tokenizer, manifest, history) and the costs; both atomically, costs first.

    Of several processes only the main one does.
    """
    if not is_main():
        return
    tokens = int(trainer.state.num_input_tokens_seen)
    total = int(sum(p.numel() for p in model.parameters()))
    costs = {"model": job.out.name, "seed": job.seed, **measured, "total_parameters": total, "tokens": tokens}
    write_costs(job.costs, costs)
    with atomic_folder(job.out) as folder:
        if job.kept.exists():
            shutil.copytree(job.kept, folder / KEPT)
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
                "files": checksums(folder),
            },
        )


def write_history(path: Path, log: list[dict[str, Any]]) -> None:
    """One row for each logged step. Left out, so that two runs give the same file: wall times, and where Transformers
    counts the tokens TRL's own count, which in SFT begins anew in a training that is resumed.

    The summary at the end is no step; only it has a `train_loss` (where tokens are counted, steps have a runtime too).
    """
    steps = [row for row in log if "train_loss" not in row]
    rows = [{k: v for k, v in row.items() if "time" not in k and "second" not in k} for row in steps]
    for row in rows:
        if "num_input_tokens_seen" in row:
            row.pop("num_tokens", None)
    # Sorted: what a resumed training reads back from its checkpoint has lost the order of the first attempt.
    names = ["step", *sorted({name for row in rows for name in row} - {"step"})]
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, names)
        writer.writeheader()
        writer.writerows(rows)


def write_costs(path: Path, row: dict[str, Any]) -> None:
    write_text(path, ",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n")
