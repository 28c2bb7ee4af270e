"""How a training starts several processes: its script restarts itself through `accelerate launch`.

The recipe says how many (`launch`), so the command of a rule, or of a user who runs the script by hand, is the same for
one process and for eight. One machine only. Imports no torch.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Without this file accelerate would read the one in the user's home directory, which no recipe knows.
NEUTRAL = Path(__file__).parents[3] / "workflow" / "launch.yaml"

# How the processes share a model: whole copies (ddp), shards of gradients and optimizer (zero2) or of everything.
STRATEGIES = {
    "ddp": "--multi_gpu",
    "fsdp2": "--use_fsdp --fsdp_version 2 --fsdp_auto_wrap_policy TRANSFORMER_BASED_WRAP --fsdp_state_dict_type "
    "SHARDED_STATE_DICT --fsdp_reshard_after_forward true --fsdp_cpu_ram_efficient_loading false",
    "zero2": "--use_deepspeed --zero_stage 2 --zero3_init_flag false",
    # Without gathering in 16 bits there would be no whole model to save.
    "zero3": "--use_deepspeed --zero_stage 3 --zero3_init_flag false --zero3_save_16bit_model true",
}


def processes(recipe: dict[str, Any]) -> int:
    """How many processes a training has."""
    return recipe["launch"]["processes"] if recipe.get("launch") else 1


def strategy(recipe: dict[str, Any]) -> str:
    """How the processes share the model; `ddp` for one process too."""
    return recipe["launch"]["strategy"] if recipe.get("launch") else "ddp"


def launch_command(recipe: dict[str, Any], script: list[str]) -> list[str]:
    """`accelerate launch` of a script and its arguments, by `launch` and `threads` of the recipe."""
    return [
        *(sys.executable, "-P", "-m", "accelerate.commands.launch", "--config_file", str(NEUTRAL)),
        *("--num_processes", str(processes(recipe)), *STRATEGIES[strategy(recipe)].split()),
        *("--mixed_precision", "no"),  # the trainer's own `bf16` decides
        *("--num_cpu_threads_per_process", str(recipe["threads"])),
        *("--main_process_port", "0"),  # a free one: two trainings may share a node
        *script,
    ]


def start_processes(recipe: dict[str, Any]) -> None:
    """Replace this process by those that the recipe asks for; does nothing in one of them, or if it asks for one.

    Raises ValueError if the strategy needs a package that is not installed.
    """
    if processes(recipe) == 1 or "LOCAL_RANK" in os.environ:
        return
    if strategy(recipe).startswith("zero") and find_spec("deepspeed") is None:
        name = f"launch.strategy '{strategy(recipe)}'"
        raise ValueError(f"{name} needs the package deepspeed: pip install '.[gpu]', or use ddp or fsdp2")
    # After a SIGTERM the processes write a checkpoint together; this gives them as long as SLURM does (--signal).
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", "120")
    command = launch_command(recipe, sys.argv)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(command[0], command)
