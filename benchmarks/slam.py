"""One training step of SLAM against full fine-tuning: time and memory as ratios, on a model of 110M parameters.

    python benchmarks/slam.py [--threads 1] [--steps 8] [--pairs 3] [--layers 2]

A Llama of 12 layers with random weights; a batch of 4 x 256 tokens, AdamW, bfloat16 autocast, weights in float32. SLAM
tunes up_proj and down_proj of the first `--layers` layers (2 of 12 is about the paper's share, 6 of 32); `--lowest`
moves them up, which spares the backward pass below. Each side runs in a process of its own, in turn, `--pairs` times;
the step time of a process is the median of its steps after two to warm up. Memory is what weights, gradients, optimizer
state and activations take at the peak: of the process on a CPU, of the device on a GPU. It prints one ratio a line.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))


def measure(arguments: argparse.Namespace) -> dict[str, float]:
    """Seconds a step, and bytes at the peak less those before the model was there."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from vernacular.slam.tune import freeze_but

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with torch.device(device):
        config = LlamaConfig(
            vocab_size=32000, hidden_size=768, intermediate_size=2048, num_hidden_layers=12, num_attention_heads=12,
            num_key_value_heads=12, tie_word_embeddings=True,
        )  # fmt: skip
        model = LlamaForCausalLM(config)
        ids = torch.randint(0, config.vocab_size, (4, 256))
    if arguments.side == "slam":
        freeze_but(model, list(range(arguments.lowest, arguments.lowest + arguments.layers)), gate=False)
    tuned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(tuned, fused=True)
    seconds = []
    for _ in range(arguments.steps + 2):
        start = time.perf_counter()
        with torch.autocast(device, dtype=torch.bfloat16):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "tuned": sum(parameter.numel() for parameter in tuned),
        "seconds": statistics.median(seconds[2:]),
        "memory": torch.cuda.max_memory_allocated() if device == "cuda" else peak,
        "state": sum(v.numel() * v.element_size() for s in optimizer.state.values() for v in s.values()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--layers", type=int, default=2, help="how many layers SLAM tunes")
    parser.add_argument("--lowest", type=int, default=0, help="the lowest of them")
    parser.add_argument("--side", choices=["slam", "full"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.side:
        print(json.dumps(measure(arguments)))
        return
    runs: dict[str, list[dict[str, float]]] = {"full": [], "slam": []}
    for _ in range(arguments.pairs):
        for side, found in runs.items():
            command = [sys.executable, __file__, *sys.argv[1:], "--side", side]
            found.append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))
    slam = runs["slam"][0]
    share = slam["tuned"] / slam["parameters"]
    print(f"{slam['parameters'] / 1e6:.0f}M parameters, SLAM tunes {share:.2%} in {arguments.layers} of 12 layers")
    for name, unit, text in (("seconds", 1.0, "s a step"), ("memory", 2**20, "MiB"), ("state", 2**20, "MiB")):
        pairs = [(a[name], b[name]) for a, b in zip(runs["full"], runs["slam"], strict=True)]
        ratios = sorted(a / b for a, b in pairs)
        title = {"seconds": "time", "memory": "peak memory", "state": "optimizer state"}[name]
        print(
            f"{title:16} full {pairs[0][0] / unit:9.2f} {text}, SLAM {pairs[0][1] / unit:9.2f}; full / SLAM "
            f"{statistics.median(ratios):.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


if __name__ == "__main__":
    main()
