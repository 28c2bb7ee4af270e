"""A training job: its command line, its key, and the lock on its checkpoints. Imports no torch until it starts."""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa

from vernacular.models.launch import start_processes
from vernacular.models.processes import agreed, is_main, join, leave
from vernacular.models.provenance import digest, versions
from vernacular.models.tracking import Tracking, prepare
from vernacular.storage.command import program
from vernacular.storage.files import read_mapping
from vernacular.storage.records import read_rows

# In a model folder, and until the training ends in the job's folder: weights after the recipe's `checkpoint_steps`.
CHECKPOINTS = "checkpoints"


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
    notes: list[str] = field(default_factory=list)  # sentences for log, manifest and card; see record.note
    tracking: Tracking | None = None

    @property
    def folder(self) -> Path:
        """Where the trainer writes its checkpoints."""
        return self.checkpoints / self.key

    def rows(self, schema: pa.Schema) -> list[dict[str, Any]]:
        """The rows of the input `data`. Raises ValueError if there are none."""
        rows = list(read_rows(self.inputs["data"], schema=schema))
        if not rows:
            raise ValueError(f"{self.inputs['data']}: no rows to train on; check the sections `data` and `traces`")
        return rows


def training_program(
    module: str, file: str, description: str | None
) -> Callable[[Callable[[Job], None]], Callable[..., int]]:
    """storage.command.program for a training: start the recipe's processes, lock the checkpoints, train.

    The decorated function imports its trainer only when called, so that `--help` and launching stay fast.
    """

    def decorate(train: Callable[[Job], None]) -> Callable[..., int]:
        @program(module, file, description, training_arguments)
        def main(args: argparse.Namespace) -> None:
            start_processes(args.recipe)
            with training_job(args) as job:
                if job:
                    train(job)

        return main

    return decorate


def training_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of every training script."""
    parser.add_argument("--recipe", required=True, type=json.loads, help="JSON: the model's recipe")
    parser.add_argument("--code", required=True, help="hash of the training's code, part of the checkpoints' key")
    parser.add_argument("--seed", required=True, type=int)
    parser.add_argument("--input", required=True, nargs="+", type=named_path, metavar="NAME=PATH", help="what it reads")
    parser.add_argument("--checkpoints", required=True, type=Path, help="folder for the checkpoints of all trainings")
    parser.add_argument("--out", required=True, type=Path, help="model folder")
    parser.add_argument("--costs", required=True, type=Path, help="seconds, tokens, memory (CSV)")
    parser.add_argument(
        "--track", nargs=3, metavar=("TRACKER", "RUN", "FOLDER"),
        help="show the history in tensorboard, trackio or wandb: the run's name, STUDY/MODEL/SEED, and where to write",
    )  # fmt: skip
    parser.add_argument("--progress", type=int, default=2, help="file descriptor for progress; 2 is standard error")


def named_path(text: str) -> tuple[str, Path]:
    name, sign, path = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"expected NAME=PATH, got '{text}'")
    return name, Path(path)


@contextmanager
def training_job(args: argparse.Namespace) -> Iterator[Job | None]:
    """Lock the checkpoints of this training and set threads and seed; None if another process has just finished it.

    A killed Snakemake leaves its jobs alive, so the same training may still be running: then this one waits for it.
    """
    import torch

    recipe, out, inputs = args.recipe, args.out, dict(args.input)
    join(recipe)
    torch.set_num_threads(recipe["threads"])
    digests = agreed({name: digest(path) for name, path in inputs.items()} if is_main() else {})
    key = training_key(recipe, args.code, digests, args.seed)
    tracking = Tracking(args.track[0], args.track[1], Path(args.track[2])) if args.track else None
    if tracking:
        prepare(tracking, key)
    # After that: it reads the environment.
    from transformers import set_seed

    set_seed(args.seed)
    job = Job(
        recipe, args.code, args.seed, inputs, out, args.costs, args.checkpoints, digests, key, args.progress,
        tracking=tracking,
    )  # fmt: skip
    job.folder.mkdir(parents=True, exist_ok=True)
    with (job.folder / "lock").open("a+") if is_main() else nullcontext() as lock:
        acquire(lock, out.name)
        manifest = out / "manifest.json"
        is_finished = agreed(manifest.exists() and args.costs.exists() and read_mapping(manifest).get("key") == key)
        if is_finished and is_main():
            print(f"{out.name}: already finished, from the same recipe, code, data and seed", flush=True)
        try:
            yield None if is_finished else job
        except Exception as error:
            if reason := failed_write(error):
                raise OSError(f"{out.name}: a file could not be written ({reason}); is the disk full?") from None
            if reason := failed_compile(error):
                raise OSError(
                    f"{out.name}: torch.compile failed ({reason}); it needs a working C++ compiler and some megabytes "
                    f"in {tempfile.gettempdir()} (TMPDIR); or set `compile: false` for this model"
                ) from None
            raise
        if is_main():
            shutil.rmtree(job.folder, ignore_errors=True)
        leave()


def training_key(recipe: dict[str, Any], code: str, inputs: dict[str, str], seed: int) -> str:
    """Names a training by all that decides its weights, so that no edit can bring back the weights of another one."""
    whole = json.dumps([recipe, code, inputs, seed, versions()], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def failed_write(error: Exception) -> str | None:
    """The message of a failed write in safetensors, tokenizers or torch, which raise no OSError; else None."""
    text = " ".join(str(error).split())[:200]
    is_rust = type(error).__name__ in ("SafetensorError", "Exception") and "os error" in text
    writers = ("PytorchStreamWriter", "inline_container", "iostream error")
    is_torch = isinstance(error, RuntimeError) and any(word in text for word in writers)
    return text if is_rust or is_torch else None


def failed_compile(error: Exception) -> str | None:
    """The C++ compiler's own message if torch.compile failed in it; None for any other error, also one of
    torch.compile."""
    kind, text = type(error).__name__, str(error)
    if kind != "CppCompileError" and not (kind == "InductorError" and text.startswith("CppCompileError")):
        return None
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return next((line for line in lines if " error: " in line), lines[0])[:200]


def acquire(lock: TextIO | None, name: str) -> None:
    """Hold the lock of a training's checkpoints, which ends with the process; its file names the holder.

    Of several processes the main one takes it; the others, who have no lock, wait with it.
    """
    is_announced = False
    while not agreed(lock is None or try_lock(lock)):
        if lock and not is_announced:
            lock.seek(0)
            print(f"{name}: locked by {lock.read().strip()} (left from a killed run?); waiting", flush=True)
        is_announced = True
        time.sleep(1)
    if lock:
        lock.truncate(0)
        print(f"process {os.getpid()} on {socket.gethostname()}", file=lock, flush=True)


def try_lock(lock: TextIO) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
