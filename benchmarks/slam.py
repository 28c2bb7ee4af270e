"""One training step of SLAM against full fine-tuning: time and memory as ratios, on a model of 100M parameters.

    python benchmarks/slam.py [--pairs 5] [--steps 2] [--layers 2] [--lowest 0]

A Llama of 12 layers with random weights; a batch of 2 x 192 tokens, AdamW, weights in float32, bfloat16 autocast where
the processor computes in it. SLAM tunes up_proj and down_proj of the first `--layers` layers (2 of 12 is about the
paper's share, 6 of 32); `--lowest` moves them up, which spares the backward pass below. Each side runs in a process of
its own with one thread, in turn, `--pairs` times; the step time of a process is the median of its steps after one to
warm up. Memory is what weights, gradients, optimizer state and activations take at the peak: of the process on a CPU,
of the device on a GPU. A whole training against the two-stage method, which takes more steps, stands in the default
study's costs/slam.csv.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator

from bench import Row, clock, row, run


def measure(arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds a step, and bytes at the peak less those before the model was there."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from vernacular.models.folders import computes_bfloat16
    from vernacular.slam.tune import freeze_except

    torch.set_num_threads(1)
    torch.manual_seed(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with torch.device(device):
        heads = 12 if not arguments.tiny else 2
        config = LlamaConfig(
            vocab_size=32000, hidden_size=64 * heads, intermediate_size=160 * heads, num_hidden_layers=12,
            num_attention_heads=heads, num_key_value_heads=heads, tie_word_embeddings=True,
        )  # fmt: skip
        model = LlamaForCausalLM(config)
        ids = torch.randint(0, config.vocab_size, (2, 192))
    if arguments.side == "slam":
        freeze_except(model, list(range(arguments.lowest, arguments.lowest + arguments.layers)), gate=False)
    tuned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(tuned, fused=True)
    seconds = []
    for _ in range(arguments.steps + 1):
        start = clock()
        with torch.autocast(device, dtype=torch.bfloat16, enabled=computes_bfloat16()):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(clock() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    return {
        "seconds": statistics.median(seconds[1:]),
        "memory": torch.cuda.max_memory_allocated() if device == "cuda" else peak,
        "state": sum(v.numel() * v.element_size() for s in optimizer.state.values() for v in s.values()),
    }


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    if arguments.side:
        print(json.dumps(measure(arguments)))
        sys.exit()
    found = []
    options = [f"--{name}={getattr(arguments, name)}" for name in ("steps", "layers", "lowest")]
    for _ in range(arguments.pairs):
        pair = []
        for side in ("slam", "full"):
            command = [sys.executable, __file__, *options, f"--side={side}", *(["--tiny"] if arguments.tiny else [])]
            pair.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
        found.append(pair)
    titles = {"seconds": ("time", "seconds"), "memory": ("peak memory", "bytes"), "state": ("optimizer state", "bytes")}
    for key, (title, unit) in titles.items():
        yield row(f"SLAM step against full fine-tuning: {title}", unit, [(a[key], b[key]) for a, b in found], "<= 1")


if __name__ == "__main__":
    run(__doc__, rows, {"--steps": 2, "--layers": 2, "--lowest": 0, "--side": ""})
