"""How a training starts several processes: its script restarts itself through `accelerate launch`.

The recipe says how many (`launch`), so the command of a rule, or of a user who runs the script by hand, is the same for
one process and for eight. One machine only. Imports no torch.
"""

import os
import re
import sys
from importlib.util import find_spec
from typing import Any

from vernacular.storage.messages import one_line
from vernacular.storage.resources import resource

# Without this file accelerate would read the one in the user's home directory, which no recipe knows.
NEUTRAL = resource("launch.yaml")

# How the processes share a model: whole copies (ddp), shards of gradients and optimizer (zero2) or of everything.
STRATEGIES = {
    "ddp": "--multi_gpu",
    "fsdp2": "--use_fsdp --fsdp_version 2 --fsdp_auto_wrap_policy TRANSFORMER_BASED_WRAP --fsdp_state_dict_type "
    "SHARDED_STATE_DICT --fsdp_reshard_after_forward true --fsdp_cpu_ram_efficient_loading false",
    "zero2": "--use_deepspeed --zero_stage 2 --zero3_init_flag false",
    # Without gathering in 16 bits there would be no whole model to save.
    "zero3": "--use_deepspeed --zero_stage 3 --zero3_init_flag false --zero3_save_16bit_model true",
}


# What launchers, MPI and SLURM tell the processes of a job about one another, and what steers accelerate in place of
# the trainer's own arguments. A training of one process that finds them waits for others, writes nothing, or rounds
# otherwise.
STEERING = re.compile(
    r"(ACCELERATE|FSDP|PARALLELISM_CONFIG|MEGATRON_LM|FP8|TORCHELASTIC|OMPI|PMI|PMIX|MPI|MV2)_\w+"
    r"|(GROUP_|ROLE_|NODE_|LOCAL_|CROSS_|SMDATAPARALLEL_LOCAL_)?RANK|(GROUP_|ROLE_|LOCAL_|CROSS_)?WORLD_SIZE"
    r"|SLURM_(PROCID|LOCALID|NODEID|NTASKS|NPROCS|STEP_NUM_TASKS)|MASTER_(ADDR|PORT)|XLA_(USE|DOWNCAST)_BF16"
    r"|SM_(HP_MP|FRAMEWORK)_\w+|(TP|PP|CP|SP|EP|DP)_(SIZE|DEGREE)"
)
FIRST = re.compile(r".*(RANK|PROCID|LOCALID|NODEID)")  # 0 in a training of one process
COUNT = re.compile(r".*(SIZE|NTASKS|NPROCS|NUM_TASKS|DEGREE|NUM_PROCESSES)")  # 1 there
SWITCH = re.compile(r"(ACCELERATE|FSDP|PARALLELISM_CONFIG|MEGATRON_LM|FP8|XLA)_.*")  # off there
OFF = ("", "0", "no", "false", "none", "off")


def clear_environment() -> list[str]:
    """Forget what STEERING matches; "NAME=value" of what would have changed a training of one process."""
    found = {name: os.environ.pop(name) for name in sorted(os.environ) if STEERING.fullmatch(name)}
    contradicting = []
    for name, value in found.items():
        if FIRST.fullmatch(name):
            is_alone = value in ("", "0")
        elif COUNT.fullmatch(name):
            is_alone = value in ("", "1")
        else:
            is_alone = not SWITCH.fullmatch(name) or value.lower() in OFF
        if not is_alone:
            contradicting.append(one_line(f"{name}={value[:40]}"))
    return contradicting


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
    """Replace this process by those that the recipe asks for; returns in one of them, or if it asks for one.

    What the environment says about processes is forgotten first, since the recipe decides. Raises ValueError if the
    strategy needs a package that is not installed.
    """
    if processes(recipe) > 1 and "LOCAL_RANK" in os.environ and os.environ.get("WORLD_SIZE", "1") != "1":
        return
    if contradicting := clear_environment():
        print(f"the environment's {', '.join(contradicting)} contradict the recipe and are ignored", file=sys.stderr)
    if processes(recipe) == 1:
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
