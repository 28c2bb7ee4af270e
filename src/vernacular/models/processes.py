"""The processes of one training: which of them writes, and how they exchange values.

With a single process torch.distributed is never touched.
"""

import os
from typing import Any, TypeVar

from vernacular.models.launch import processes, strategy

T = TypeVar("T")


def is_main() -> bool:
    """Whether this is the process that writes; the others only train."""
    return int(os.environ.get("RANK", "0")) == 0


def join(recipe: dict[str, Any]) -> None:
    """Join the recipe's training. Raises ValueError if the machine or the number of processes does not fit it."""
    started, asked = int(os.environ.get("WORLD_SIZE", "1")), processes(recipe)
    if started != asked:
        raise ValueError(f"the recipe asks for {asked} processes (`launch`), but {started} were started")
    if asked == 1:
        return
    import torch
    from accelerate import PartialState

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else None
    if gpus is None and strategy(recipe) != "ddp":
        raise ValueError(f"launch.strategy '{strategy(recipe)}' needs GPUs and this machine has none; use ddp")
    if gpus is not None and gpus < asked:
        raise ValueError(f"the recipe asks for {asked} processes (`launch`), but this machine has {gpus} GPUs")
    PartialState(cpu=gpus is None)  # also makes this process's GPU the current one


def leave() -> None:
    """Leave a training of several processes."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        import torch

        torch.distributed.destroy_process_group()


def gathered(value: T) -> list[T]:
    """The values of all processes, in the order of their ranks. All must call it."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return [value]
    import torch

    values: list[Any] = [None] * torch.distributed.get_world_size()
    torch.distributed.all_gather_object(values, value)
    return values


def agreed(value: T) -> T:
    """The value of the main process. All must call it."""
    return gathered(value)[0]
