"""SLAM's probe of a decoder that Transformers loads: in which layers does the activity differ between languages?"""

import argparse
import json
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from vernacular.evaluation.log_files import opened_file
from vernacular.slam.options import MEASURES, RULES, ProbeOptions, SelectionOptions
from vernacular.slam.select import select_layers
from vernacular.storage.files import write_json
from vernacular.storage.records import write_rows
from vernacular.storage.tables import write_csv

USAGE = """\
QUESTIONS is a file (JSON lines, Parquet, CSV) with id, language and question: the same questions in each language.

examples:
  vernacular probe models/qwen3 questions.jsonl
  vernacular probe models/qwen3 questions.csv --languages en fr sw --questions 100 --choose highest --count 4

writes probe.parquet, probe.csv (a row for each layer and language), layers.json (the layers that SLAM would tune, and
why) and probe.png, probe.svg, probe.pdf to --out. Fetch a model of a hub first: hf download OWNER/NAME --local-dir DIR
exit status: 0; 2 if nothing can be probed or no layer is chosen"""
BENCHMARK = "questions"


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("model", metavar="MODEL", help="a folder that Transformers loads")
    add("questions_file", type=Path, metavar="QUESTIONS", help="file with id, language and question in each row")
    add("--languages", nargs="+", metavar="CODE", help="languages to compare (default: all in QUESTIONS)")
    add("--questions", type=int, metavar="N", help="number per language (default: all)")
    add("--threshold", type=float, default=0.0, help="a neuron is active above this (default: 0)")
    add("--batch-size", type=int, default=16, help="questions per batch; does not change the result (default: 16)")
    add("--choose", choices=RULES, default="leading", help="the rule that chooses layers (default: leading)")
    add("--by", choices=MEASURES, default="msd", help="the measure that the rule uses (default: msd)")
    add("--share", type=float, default=0.5, help="share of the highest value for `leading`, `threshold` (default: 0.5)")
    add("--count", type=int, help="how many layers `highest`, `random` and `top` choose")
    add("--seed", type=int, default=1, help="seed of `random` (default: 1)")
    add("--out", type=Path, default=Path("probe"), help="folder for the results (default: probe)")
    add("--json", action="store_true", help="print the choice as JSON")


def rows_of(file: Path) -> Iterator[dict[str, Any]]:
    """Raises ValueError (one line: file, row, column) for a row that is not a question."""
    for place, row in opened_file(file)[0]:
        if isinstance(row, ValueError):
            raise row
        for key in ("id", "language", "question"):
            if row.get(key) in (None, ""):
                raise ValueError(f"{place}: '{key}' is missing; there are {', '.join(map(str, row))}")
        yield {**row, "id": str(row["id"]), "benchmark": BENCHMARK}


def work(args: argparse.Namespace) -> int:
    rows = list(rows_of(args.questions_file))
    languages = args.languages or list(dict.fromkeys(row["language"] for row in rows))
    if len(languages) < 2:
        raise ValueError(f"{args.questions_file}: only '{', '.join(languages)}'; the probe compares languages")
    if args.questions is not None and args.questions < 1:
        raise ValueError(f"--questions: {args.questions} is too small; give at least 1")
    options = ProbeOptions(BENCHMARK, languages, args.questions, args.threshold, batch_size=args.batch_size)
    rule = SelectionOptions(choose=args.choose, by=args.by, threshold=args.share, count=args.count)

    import torch

    from vernacular.models.folders import load_model
    from vernacular.slam.probe import PROBE, probe, question_batches

    torch.set_num_threads(1)  # sums in another order give other numbers
    model, tokenizer = load_model(args.model)
    read = 0

    def batches() -> Iterator[tuple[str, list[str]]]:
        nonlocal read
        for language, texts in question_batches(rows, options):
            yield language, texts
            read += len(texts)
            if sys.stderr.isatty():
                print(f"\r{read:,} of {len(rows):,} questions ", end="", file=sys.stderr, flush=True)

    found = probe(model, tokenizer, batches(), options)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    write_rows(args.out / "probe.parquet", found, PROBE)
    write_csv(args.out / "probe.csv", pd.DataFrame(found))
    chosen = select_layers(found, rule, args.seed)
    write_json(args.out / "layers.json", chosen)
    draw(args.out, Path(args.model).resolve().name, chosen)
    if args.json:
        print(json.dumps(chosen))
        return 0
    for reason in chosen["reasons"]:
        print(f"layer {reason['layer']:>3}  {'*' if reason['chosen'] else ' '}  {reason['reason']}")
    print(f"layers {', '.join(map(str, chosen['layers']))} of {chosen['of']}; written to {args.out}")
    return 0


def draw(out: Path, name: str, chosen: dict[str, Any]) -> None:
    if not find_spec("matplotlib"):
        print("vernacular: no figure without matplotlib: pip install 'vernacular[plot]'", file=sys.stderr)
        return
    from vernacular.report.figure_files import DRAWN
    from vernacular.report.options import SlamOptions
    from vernacular.report.slam_figures import draw_probe, probe_table

    choices = {name: chosen}
    table = probe_table(out / "probe.parquet", choices)
    options = SlamOptions({}, name, "probe", 0)
    draw_probe(table, {kind: out / f"probe.{kind}" for kind in DRAWN}, options, choices)
