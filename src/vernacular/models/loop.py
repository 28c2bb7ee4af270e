"""The training loop: what every trainer is told, its checkpoints, resuming, progress, and what it cost.

A killed training resumes from its last whole checkpoint and, on the CPU, ends with the weights of one never killed.
If several processes train (vernacular.models.launch), all go through the same steps and only the main one writes.
"""

import math
import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol, TextIO

import torch
from transformers import TrainerCallback, TrainingArguments

from vernacular.models.checkpoints import copy_weights
from vernacular.models.folders import computes_bfloat16
from vernacular.models.job import CHECKPOINTS, Job
from vernacular.models.processes import agreed, gathered, is_main
from vernacular.models.sound import is_broken
from vernacular.models.tracking import reported
from vernacular.storage.files import files_sha256, read_json, write_json

WHOLE = "whole"  # marks a checkpoint as complete: the seconds of training so far, the SHA-256 of its files


class Stateful(Protocol):
    """State that a checkpoint must hold in addition to the trainer's own."""

    def save(self, folder: Path) -> None: ...
    def load(self, folder: Path) -> None: ...


def common_arguments(job: Job) -> dict[str, Any]:
    """What every trainer is told: where to write, the seed, to be quiet, and to keep two checkpoints."""
    common = {"output_dir": str(job.folder), "use_cpu": not torch.cuda.is_available(), "seed": job.seed}
    return common | reported(job.tracking) | {"disable_tqdm": True, "save_total_limit": 2}


def supervised_arguments(job: Job, sampling: str, **more: Any) -> TrainingArguments:
    """Arguments of every Transformers trainer: ours, and `training` of the job's recipe, which must not repeat them.

    sampling: `random`, or `group_by_length` for rows of many lengths, so that each batch holds rows of similar length.
    more: further arguments, which `training` may change.
    """
    options = {**more, **job.recipe["training"]}
    if options.get("bf16") and not computes_bfloat16():
        print(f"{job.out.name}: this CPU has no bfloat16 arithmetic: training in float32", file=sys.stderr)
        options["bf16"] = False
    return TrainingArguments(
        remove_unused_columns=False,
        include_num_input_tokens_seen="all",
        train_sampling_strategy=sampling,
        **common_arguments(job),
        **options,
    )


def trl_arguments(job: Job) -> dict[str, Any]:
    """Arguments of every TRL trainer: our defaults, then `training` of the job's recipe, which wins."""
    on_gpu = torch.cuda.is_available()
    ours = {"bf16": on_gpu, "gradient_checkpointing": on_gpu, "logging_steps": 1}
    return common_arguments(job) | ours | job.recipe["training"]


def train(trainer: Any, job: Job, states: Sequence[Stateful] = ()) -> dict[str, float]:
    """Run a Transformers trainer from the job's last checkpoint, if any.

    Returns what it cost: `seconds` and `reward_seconds` (those spent in the reward), both including the time before the
    last checkpoint but not what a kill undid; `peak_memory` and `optimizer_bytes`, in bytes, of the process that needed
    most, since the last start; and `trainable_parameters`. Raises ValueError if SIGTERM ended it early, and
    if a loss or a weight is not finite.
    """
    # Counted now: merging an adapter takes its parameters away.
    trainable = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    loop = Loop(trainer, job, states)
    trainer.add_callback(loop)
    checkpoint = agreed(last_checkpoint(job.folder) if is_main() else None)
    if checkpoint:
        loop.resume(checkpoint)
    watch_loss(trainer, job)
    # A cluster sends it before it ends a job: at the time limit (--signal), for a more urgent job, on scancel.
    before = signal.signal(signal.SIGTERM, loop.terminate)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    finally:
        signal.signal(signal.SIGTERM, before)
    check_finite(trainer, job)
    step, total = trainer.state.global_step, trainer.state.max_steps
    if loop.is_ended and step < total:
        raise ValueError(f"{job.out.name}: ended by SIGTERM after step {step} of {total}, with a checkpoint; rerun it")
    memory = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    tensors = [v for state in trainer.optimizer.state.values() for v in state.values() if torch.is_tensor(v)]
    local = [tensor.to_local() if hasattr(tensor, "to_local") else tensor for tensor in tensors]  # its part of a shard
    return {
        "seconds": round(loop.seconds(), 3),
        "reward_seconds": round(sum(row.get("reward_seconds", 0.0) for row in trainer.state.log_history), 3),
        "peak_memory": max(gathered(memory or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)),
        "optimizer_bytes": max(gathered(sum(tensor.numel() * tensor.element_size() for tensor in local))),
        "trainable_parameters": trainable,
    }


def watch_loss(trainer: Any, job: Job) -> None:
    """Make a trainer end at a loss that is not finite, before the step that it would spoil. Transformers goes on, and
    logs the mean of the losses before.

    No time is lost by it: Transformers' loop looks at each loss itself.
    """
    work = trainer.training_step

    def training_step(*args: Any, **options: Any) -> torch.Tensor:
        loss: torch.Tensor = work(*args, **options)
        if not torch.isfinite(loss):
            raise ValueError(not_finite(trainer, job, f"the loss is {float(loss)}"))
        return loss

    trainer.training_step = training_step


def check_finite(trainer: Any, job: Job) -> None:
    """Raises ValueError if a trained weight is not finite: the last step made it so, since no loss was."""
    for name, weight in trainer.model.named_parameters():
        own = weight.detach()
        own = own.to_local() if hasattr(own, "to_local") else own  # its part of a shard
        if weight.requires_grad and is_broken(own):
            raise ValueError(not_finite(trainer, job, f"the weights '{name}' hold NaN or infinite numbers"))


def not_finite(trainer: Any, job: Job, what: str) -> str:
    step, last = trainer.state.global_step, last_checkpoint(job.folder) if is_main() else None
    kept = f"the checkpoint of step {last.name.split('-')[1]} is kept" if last else "there is no checkpoint yet"
    return (
        f"{job.out.name}: {what} after step {step} of {trainer.state.max_steps}, and {kept}; lower `learning_rate`, "
        "or look at the data and the parent"
    )


def steps_between_rollouts(arguments: Any) -> int:
    """After how many optimizer steps a training may stop.

    No checkpoint holds GRPO's rollouts, so it may only stop between them; they are counted in batches, not in steps.
    """
    batches = (getattr(arguments, "steps_per_generation", None) or 1) * getattr(arguments, "num_iterations", 1)
    return math.lcm(batches, arguments.gradient_accumulation_steps) // arguments.gradient_accumulation_steps


class Loop(TrainerCallback):
    """Completes checkpoints, reports progress, and ends a training with a checkpoint after SIGTERM."""

    def __init__(self, trainer: Any, job: Job, states: Sequence[Stateful]) -> None:
        self.trainer, self.job, self.states = trainer, job, states
        self.stop_steps = steps_between_rollouts(trainer.args)
        self.start = time.monotonic()
        self.seconds_before = 0.0  # in earlier runs, up to the checkpoint
        self.warm: tuple[int, float] | None = None  # when the first step was done, which compiles: (steps, time)
        self.is_terminated = False  # this process got a SIGTERM
        self.is_ended = False  # all processes end, since one of them got it

    def resume(self, checkpoint: Path) -> None:
        self.seconds_before = float(read_json(checkpoint / WHOLE)["seconds"])
        if is_main():
            print(f"{self.job.out.name}: resumed at step {checkpoint.name.split('-')[1]}", flush=True)
        for state in self.states:
            state.load(checkpoint)

    def seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.start

    def terminate(self, number: int, frame: object) -> None:
        self.is_terminated = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        check_finite(self.trainer, self.job)  # before it is marked as whole: else the last good one would go
        gathered(None)  # all processes have written their parts
        if is_main():
            for extra in self.states:
                extra.save(folder)
            if state.global_step in self.job.recipe.get("checkpoint_steps", []):
                copy_weights(folder, self.job.folder / CHECKPOINTS)
            mark_whole(folder, self.seconds())

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        step, now = state.global_step, time.monotonic()
        pace = (now - self.warm[1]) / (step - self.warm[0]) if self.warm else None
        if is_main():
            report_progress(self.job.out.name, step, state.max_steps, pace, self.job.progress)
        if not self.warm and step % self.stop_steps == 0:  # GRPO's first step makes the rollouts of several
            self.warm = step, now
        if step % self.stop_steps == 0 and any(gathered(self.is_terminated)):
            self.is_ended = control.should_save = control.should_training_stop = True


def mark_whole(checkpoint: Path, seconds: float) -> None:
    files = [path for path in sorted(checkpoint.rglob("*")) if path.is_file()]
    sums = dict(zip((str(path.relative_to(checkpoint)) for path in files), files_sha256(files), strict=True))
    write_json(checkpoint / WHOLE, {"seconds": round(seconds, 3), "files": sums})


def is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint was written to its end and none of its files has been lost or changed since."""
    try:
        sums = read_json(checkpoint / WHOLE)["files"]
        return files_sha256([checkpoint / name for name in sums]) == [*sums.values()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def last_checkpoint(folder: Path) -> Path | None:
    """The newest checkpoint that is whole; broken ones are removed."""
    for path in folder.glob("checkpoint-*"):
        if not is_whole(path):
            shutil.rmtree(path)
    return max(folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]), default=None)


def report_progress(name: str, step: int, total: int, pace: float | None, descriptor: int = 2) -> None:
    """A moving line on a terminal of its own; else ten plain lines, since parallel trainings share the workflow's.

    pace: seconds a step, None if not yet known; `descriptor` is the file that the lines go to.
    """
    line = f"{name}: step {step} of {total}"
    if pace is not None:
        line += f", about {pace * (total - step):.0f} s left"
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
