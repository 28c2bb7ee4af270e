"""SFT, GRPO, SLAM and ST-Merge on a GPU: seconds a step, tokens a second, memory at the peak; a table and a CSV.

    python benchmarks/gpu.py [TRAINING ...] [--steps 10] [--limit 90] [--out FILE] [--cpu] [--tiny]

The scripts of the workflow train models with random weights, at two sizes. `miniature`: the default study's models,
recipes and batches. `large`: a Llama of 16 layers and more than 100M parameters, texts of about 800 tokens (SLAM: rows
of 1,024) and batches to match (SIZES); its merge reads through an encoder of 12 layers. Merges start by chance, with a
mapping of MindMerger's width. No training compiles. SFT and GRPO train LoRA adapters with gradient checkpointing, SLAM
two matrices in each of some layers, ST-Merge its connector, as on any GPU. Random weights end no answer, so that GRPO's
completions all have their full length.

A step lasts from the end of the one before to its own, the device waited for: data, rollouts and reward are in it. The
first WARM steps are left out; seconds and tokens a second are medians. Tokens are the trainer's count: with SLAM and
ST-Merge padding is among them, of a merge what the encoder reads is not. Each training has a process of its own and at
most --limit seconds; one that fails is told, the others go on, and the status is 1. Memory is what tensors take of the
device at the peak, and in the CSV what is reserved besides; with --cpu it is the process's.
"""

import argparse
import csv
import io
import json
import os
import random
import runpy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from typing import Any

from bench import ROOT, machine
from texts import default_study

WARM = 3  # steps before those that count: allocation, kernels' choice, the first batch
MOST = {"adamame": WARM + 4}  # steps of a training, where one takes seconds
TRAININGS = {"sft": "SFT", "adamame": "GRPO", "slam": "SLAM", "st-merge": "ST-Merge"}  # model of the default study
COLUMNS = ["training", "model", "parameters", "steps", "seconds", "tokens_a_second", "peak_memory", "reserved"]


def llama(width: int, inner: int, layers: int, heads: int) -> dict[str, Any]:
    return {
        "model_type": "llama", "max_position_embeddings": 2048, "tie_word_embeddings": True, "hidden_size": width,
        "intermediate_size": inner, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": heads,
    }  # fmt: skip


def m2m(width: int, inner: int, layers: int, heads: int) -> dict[str, Any]:
    """Its decoder has one layer, since no merge uses it."""
    return {
        "model_type": "m2m_100", "max_position_embeddings": 2048, "dropout": 0.0, "d_model": width,
        "encoder_layers": layers, "decoder_layers": 1, "encoder_ffn_dim": inner, "decoder_ffn_dim": inner,
        "encoder_attention_heads": heads, "decoder_attention_heads": heads,
    }  # fmt: skip


# Of each size but the default study's: problems joined in a text, LLM, encoder, what recipes change.
SIZES: dict[str, dict[str, Any]] = {
    "miniature": {"joined": 1},
    "large": {
        "joined": 7,
        "llm": llama(768, 2048, 16, 12),
        "encoder": m2m(512, 2048, 12, 8),
        "training": {"per_device_train_batch_size": 16},
        "adamame": {"per_device_train_batch_size": 64, "max_completion_length": 256},
        "length": 1024,
        "layers": 3,
    },
    "tiny": {
        "joined": 2,
        "llm": llama(32, 64, 2, 2),
        "encoder": m2m(32, 64, 1, 2),
        "training": {"per_device_train_batch_size": 2},
        "adamame": {"per_device_train_batch_size": 8, "max_completion_length": 8},
        "length": 512,
        "layers": 1,
    },
}


# --- What a training reads --------------------------------------------------------------------------------------------


def problems(languages: list[str], count: int, joined: int) -> Iterator[dict[str, Any]]:
    """Questions and traces of the miniature's word problems in turn in each language; `joined` of them in one row."""
    from vernacular.corpus.miniature import make_problems, render_completion, render_question
    from vernacular.language.prompts import join_completion, split_completion

    about = default_study()["benchmarks"]["mini-mgsm"]
    found = list(make_problems("mini-mgsm", {**about, "questions": {"train": 500}}, "train", 1).items())
    draw = random.Random(1)
    for number in range(count):
        language = languages[number % len(languages)]
        some = draw.sample(found, joined)
        asked = [render_question(language, identifier, problem, about["setting"], 1) for identifier, problem in some]
        parts = [split_completion(render_completion(language, identifier, problem, 1)) for identifier, problem in some]
        trace, response = "\n".join(part[0] for part in parts), parts[-1][1]
        row = {"id": f"{number}", "language": language, "question": "\n".join(asked), "trace": trace}
        row |= {"answer": str(some[-1][1].answer), "response": response, "source": "phrasebook", "flaw": None}
        yield {**row, "completion": join_completion(trace, response)}


def write_data(folder: Path, name: str, joined: int, count: int) -> None:
    """data.parquet of a training: rows as the workflow hands them to it."""
    from vernacular.storage.records import KEPT_TRACE, PROMPT, TRAINING, write_rows

    study = default_study()
    if name in ("sft", "adamame"):
        languages = study["traces"]["languages"]
        rows = problems(languages, count, joined if name == "sft" else 1)
        schema = KEPT_TRACE if name == "sft" else PROMPT
        fields = [{key: row.get(key, 1) for key in schema.names} for row in rows]
    else:
        schema = TRAINING
        languages = study["data"]["multilingual-tasks" if name == "st-merge" else "translation"][0]["languages"]
        task = "reasoning" if name == "st-merge" else "translation"
        fields = [
            {"id": row["id"], "language": row["language"], "task": task, "question": row["question"]}
            | {"context": None, "prompt": row["question"], "completion": row["completion"]}
            for row in problems(languages, count, joined)
        ]
    write_rows(folder / "data.parquet", fields, schema)


def write_model(folder: Path, architecture: dict[str, Any], recipe: dict[str, Any], encoder: bool) -> None:
    """A model with random weights and a tokenizer of the recipe's size, as a folder."""
    import torch

    from vernacular.models.pretrain import build_model, train_tokenizer
    from vernacular.models.translator import build_translator

    languages = default_study()["languages"]
    texts = (row[key] for row in problems(languages, 4000, 1) for key in ("question", "completion"))
    tokenizer = train_tokenizer(texts, recipe["vocabulary"], recipe["digits"])
    tokenizer.model_max_length = architecture["max_position_embeddings"]
    torch.manual_seed(1)
    (build_translator if encoder else build_model)(architecture, tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def write_inputs(folder: Path, name: str, size: str, steps: int) -> list[str]:
    """Make what the script of a training reads; its command line."""
    study, about = default_study(), SIZES[size]
    model = {**study["models"][name]}
    base = study["models"]["lrm" if name in ("sft", "adamame") else "base"]
    training = {**model["training"], **about.get("training", {}), **about.get(name, {})}
    training |= {"max_steps": steps, "save_strategy": "no", "warmup_steps": 0, "logging_steps": 1}
    training.pop("save_steps")
    model |= {"training": training, "checkpoint_steps": []}
    model.pop("resources")
    if "length" in model:
        model["length"] = about.get("length", model["length"])
    batch = training["per_device_train_batch_size"]
    if name == "adamame":
        model |= {"prompts": 64, "identifier": {"languages": study["languages"], **study["identifier"]}}
    # SLAM packs: ten problems for each row are enough for all steps, so that no epoch begins anew.
    joined, rows = (1, 10) if name == "slam" else (about["joined"], 1)
    write_data(folder, name, joined, 64 if name == "adamame" else rows * batch * steps)
    write_model(folder / "llm", about.get("llm", base["architecture"]), base, encoder=False)
    inputs = {"parent": folder / "llm", "data": folder / "data.parquet"}
    if name == "slam":
        inputs["layers"] = folder / "layers.json"
        inputs["layers"].write_text(json.dumps({"layers": list(range(about.get("layers", 2)))}))
    if name == "st-merge":
        translator = study["models"]["translator"]
        write_model(folder / "encoder", about.get("encoder", translator["architecture"]), translator, encoder=True)
        inputs |= {"llm": folder / "llm", "encoder": folder / "encoder"}
    command = ["--recipe", json.dumps(model), "--code", "0", "--seed", "1", "--out", str(folder / "out")]
    command += ["--checkpoints", str(folder / "checkpoints"), "--costs", str(folder / "costs.csv")]
    return [*command, "--input", *(f"{key}={path}" for key, path in inputs.items())]


# --- One training, in a process of its own ----------------------------------------------------------------------------


def measure(folder: Path, name: str, size: str, steps: int) -> None:
    """Train by the workflow's own script, with a callback that looks at the clock; row.json holds what was found."""
    import torch
    from transformers import TrainerCallback, trainer

    ends: list[tuple[float, int]] = []  # of each step: when it ended, tokens so far
    on_gpu = torch.cuda.is_available()

    class Clock(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if on_gpu:
                torch.cuda.synchronize()
            ends.append((time.perf_counter(), int(state.num_input_tokens_seen)))

    command = write_inputs(folder, name, size, steps)
    trainer.DEFAULT_CALLBACKS.append(Clock)
    script = f"train_{default_study()['models'][name]['recipe']}.py"
    sys.argv = [script, *command]
    try:
        runpy.run_path(str(ROOT / "workflow" / "scripts" / script), run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
    [costs] = csv.DictReader((folder / "costs.csv").open(newline=""))
    warm = min(WARM, steps - 2)
    pairs = list(zip(ends[warm:], ends[warm + 1 :], strict=False))
    row = {"training": TRAININGS[name], "model": size, "parameters": int(costs["total_parameters"])}
    row |= {"steps": len(pairs), "seconds": statistics.median(b[0] - a[0] for a, b in pairs)}
    row |= {"tokens_a_second": statistics.median((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs)}
    row |= {"peak_memory": int(costs["peak_memory"]), "reserved": torch.cuda.max_memory_reserved() if on_gpu else 0}
    (folder / "row.json").write_text(json.dumps(row))


def row_of(name: str, size: str, arguments: argparse.Namespace) -> dict[str, Any] | None:
    """The row of one training; None where it failed, which standard error then tells."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    environment |= {"CUDA_VISIBLE_DEVICES": ""} if arguments.cpu else {}
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        steps = min(arguments.steps, MOST.get(name, arguments.steps))
        command = [sys.executable, __file__, name, f"--steps={steps}", f"--part={size}", f"--folder={folder}"]
        start = time.monotonic()
        with (folder / "log").open("w") as log:
            try:
                status: int | str = subprocess.run(
                    command, env=environment, stdout=log, stderr=log, timeout=arguments.limit
                ).returncode
            except subprocess.TimeoutExpired:
                status = f"more than {arguments.limit:.0f} s"
        print(f"{name}, {size}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        if (folder / "row.json").exists():
            row: dict[str, Any] = json.loads((folder / "row.json").read_text())
            return row
        lines = (folder / "log").read_text().splitlines()[-25:]
        print(f"{name}, {size} failed ({status}):", *lines, sep="\n", file=sys.stderr, flush=True)
        return None


def line(row: dict[str, Any]) -> str:
    """Of the table in Markdown."""
    model = f"{row['model']}, {row['parameters'] / 1e6:.1f}M"
    figures = f"{row['seconds']:.3g} | {row['tokens_a_second']:,.0f} | {row['peak_memory'] / 2**20:,.0f} MiB"
    return f"| {row['training']} | {model} | {figures} |"


def device(cpu: bool) -> str:
    import torch

    return machine() if cpu else f"{torch.cuda.get_device_name()}; {machine()}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="TRAINING", help=f"which; default: {' '.join(TRAININGS)}")
    parser.add_argument("--steps", type=int, default=10, help="of each, warm-up included; default: %(default)s")
    parser.add_argument("--limit", type=float, default=90, help="seconds for each; default: %(default)s")
    parser.add_argument("--cpu", action="store_true", help="train on the CPU")
    parser.add_argument("--tiny", action="store_true", help="the least that runs, to see that it does")
    parser.add_argument("--out", type=Path, help="where to write the rows (CSV)")
    parser.add_argument("--part", choices=SIZES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    names = arguments.names or list(TRAININGS)
    if unknown := [name for name in names if name not in TRAININGS]:
        print(f"gpu: no training '{unknown[0]}'; there are: {', '.join(TRAININGS)}", file=sys.stderr)
        return 2
    if arguments.part:
        measure(arguments.folder, names[0], arguments.part, arguments.steps)
        return 0
    import torch

    if not arguments.cpu and not torch.cuda.is_available():
        print("gpu: torch sees no GPU; --cpu measures the processor", file=sys.stderr)
        return 2
    arguments.steps = 3 if arguments.tiny else max(arguments.steps, WARM + 2)
    sizes = ["tiny"] if arguments.tiny else ["miniature", "large"]
    failed = 0
    with arguments.out.open("w", encoding="utf-8", newline="") if arguments.out else nullcontext(io.StringIO()) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        print("| training | model | seconds a step | tokens a second | peak memory |\n" + "|---" * 5 + "|", flush=True)
        for size, name in product(sizes, names):  # each row as it comes: what stops the next takes none of it
            row = row_of(name, size, arguments)
            failed += row is None
            if row:
                writer.writerow(row)
                file.flush()
                print(line(row), flush=True)
    print(f"\n{device(arguments.cpu)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
