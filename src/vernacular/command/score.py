"""Metrics with 95 % intervals for the completions in anyone's logs. No model is needed, and nothing is trained."""

import argparse
import json
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from vernacular.evaluation.logs import Logs, Reading, read_logs
from vernacular.evaluation.rates import RATES
from vernacular.evaluation.rescore import Summary, check_corpora, rate_table, scored_frames
from vernacular.evaluation.seeds import with_means
from vernacular.language.languages import ENGLISH, check_language
from vernacular.language.thinking import FAMILIES
from vernacular.report.differences import common_questions, difference_table
from vernacular.report.figure_files import DRAWN
from vernacular.report.options import PAGE_QUESTION, FigureOptions, PageOptions
from vernacular.report.pareto import pareto_table
from vernacular.storage.files import write_text
from vernacular.storage.messages import nearest, one_line
from vernacular.storage.tables import csv_text, printed

SHOWN = 10  # bad rows that are named on standard error; bad_rows.csv has all
PRINTED = ("accuracy", "accuracy_low", "accuracy_high", "lcpr", "lcpr_low", "lcpr_high", "answer_consistency")
USAGE = """\
reads these logs, recognised by their first row:
  JSON lines             id, language, answer, completion; optional: benchmark, kind, sample, tokens, question, choices
  lm-evaluation-harness  samples_<task>_<date>.jsonl (--log_samples)
  lighteval              details_<task>_<date>.parquet (--save-details)
  Inspect                *.eval, *.json
  TRL                    completions/completions_<step>.parquet (log_completions=True)
  verl                   <step>.jsonl (trainer.rollout_data_dir, trainer.validation_data_dir)
  tables                 .jsonl, .parquet, .csv, .tsv, with --columns to name their columns
The language comes from --language, a column (--columns language=...) or the task's name (mgsm_native_cot_bn).

examples:
  vernacular score completions/
  vernacular score results/my-model/samples_mgsm_native_cot_*.jsonl
  vernacular score old.csv new.csv --columns id=qid,completion=output,answer=gold --language sw --baseline old
  vernacular score runs/ --json > scores.json

writes scores.csv, verdicts.csv (each completion), index.html and figures, and if they apply differences.csv (paired,
between models), leaks.csv and bad_rows.csv, to --out (default: `scored` in the folder of the first log)
exit status: 0; 1 if rows were left out or training data contain questions; 2 if nothing can be scored"""


@dataclass
class Scored:
    """What was found: the tables by the names of their files, and what a reader should know. clean: no row was left
    out, and no training row holds a question."""

    tables: dict[str, pd.DataFrame]
    shapes: dict[str, str]
    remarks: list[str]
    bad: list[str] = field(default_factory=list)
    leaking: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.bad and not self.leaking


def score_logs(
    paths: list[Path],
    reading: Reading | None = None,
    baseline: str | None = None,
    languages: list[str] | None = None,
    in_domain: list[str] | None = None,
    training: list[Path] | None = None,
    draws: int = 1000,
    thinking: bool = True,
    said: Any = lambda model: None,
) -> Scored:
    """The completions in logs, scored: `scores` (the columns of tables/scores.csv), `verdicts`, and of several models
    `differences` (report/differences.py) and `pareto`.

    reading: how the logs are read; baseline: the model that others are compared with (None: the first); languages: the
    identifier's candidates, in_domain: training languages, training: files to search for the questions, as in
    rescore.Summary and check_corpora; thinking: whether the models mark it. Raises ValueError (one line) where nothing
    can be scored.
    """
    if draws < 100:
        raise ValueError(f"--draws: {draws} is too small; give at least 100")
    logs: Logs = read_logs(paths, reading or Reading(), thinking)
    if baseline is not None and baseline not in logs.models:
        raise ValueError(f"--baseline: no model '{baseline}'; {nearest(baseline, logs.models)}")
    study = (paths[0] if paths[0].is_dir() else paths[0].parent).resolve().name
    options: Summary = {
        "study": study, "languages": languages or [], "in_domain": in_domain or [], "draws": draws
    }  # fmt: skip
    frames, verdicts = scored_frames(logs.models, options, said)
    tables = {"scores": rate_table(frames, verdicts, options), "verdicts": verdicts}
    remarks = logs.remarks
    shared, notes = common_questions(frames)
    if len(logs.models) > 1:
        remarks += notes
        found = difference_table(shared, baseline or next(iter(logs.models)), draws)
        if len(found):
            tables["differences"] = found
    tables["pareto"] = pareto_table(shared, draws)
    scored = Scored(tables, logs.shapes, remarks, logs.bad)
    if training:
        rows, scored.leaking = check_corpora(logs.models, training)
        tables["leaks"] = pd.DataFrame(rows)
    if logs.bad:
        tables["bad_rows"] = pd.DataFrame({"error": [one_line(error) for error in logs.bad]})
    return scored


def write_scored(scored: Scored, out: Path, draws: int) -> list[Path]:
    """Tables, the Pareto plot and the page; without the packages of [plot] the tables alone. Returns the files."""
    files = []
    for name, table in scored.tables.items():
        if name != "pareto" or len(table):
            files.append(out / f"{name}.csv")
            write_text(files[-1], csv_text(table))
    for name in ("differences", "leaks", "bad_rows"):
        if name not in scored.tables:
            (out / f"{name}.csv").unlink(missing_ok=True)  # of an earlier run
    if not find_spec("matplotlib") or not find_spec("jinja2"):
        scored.remarks.append("no figure and no page without matplotlib and jinja2: pip install 'vernacular[plot]'")
        return files
    from vernacular.report.page import render
    from vernacular.report.pareto import draw_pareto

    study = str(scored.tables["scores"]["study"].iloc[0])
    slots = {str(model): slot for slot, model in enumerate(dict.fromkeys(scored.tables["scores"]["model"]))}
    pages = {"scores": with_means(scored.tables["scores"], [], RATES)}
    if len(scored.tables["pareto"]):
        pages["pareto"] = scored.tables["pareto"]
        drawn = {kind: out / f"pareto.{kind}" for kind in DRAWN}
        draw_pareto(scored.tables["pareto"], drawn, FigureOptions({}, study, "logs", draws, slots=slots))
        files += drawn.values()
    others, titles = [], {}
    if "differences" in scored.tables:
        others = [scored.tables["differences"]]
        titles = {
            "differences": {"title": "Differences", "caption": "Paired, with 95 % intervals (bootstrap by question)."}
        }
    html = render(pages, [], others, PageOptions(study, "logs", "Overview", PAGE_QUESTION, {}, {}, titles, slots))
    write_text(out / "index.html", html)
    return [*files, out / "index.html"]


def columns_of(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if bad := [pair for pair in pairs if not pair[1] or not pair[2].strip()]:
        raise argparse.ArgumentTypeError(f"'{''.join(bad[0])}' is not KEY=COLUMN, as in id=qid,completion=output")
    return {key.strip(): column.strip() for key, _, column in pairs}


def language(code: str) -> str:
    try:
        return check_language(code)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("logs", type=Path, nargs="+", metavar="LOG", help="files, or folders with them")
    add("--out", type=Path, help="folder for the results (default: scored, next to the first log)")
    add("--columns", type=columns_of, default={}, metavar="KEY=COLUMN,...", help="names of the log's columns")
    add("--language", type=language, metavar="CODE", help="language of all questions (ISO 639-1)")
    add(
        "--kind",
        choices=("math", "choice", "entailment"),
        help="kind of the questions (default: choice if the answer is a letter from A to E, else math)",
    )
    add("--baseline", metavar="MODEL", help="model to compare the others with (default: the first)")
    add(
        "--languages",
        nargs="+",
        default=[],
        metavar="CODE",
        help="languages to favour for short texts (default: the logs')",
    )
    add("--in-domain", nargs="+", default=[], metavar="CODE", help="training languages, averaged separately")
    add(
        "--training",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="training files to search for the questions",
    )
    add("--think-tags", choices=FAMILIES, help="think tags (default: those that each model's logs use)")
    add("--no-thinking", action="store_true", help="do not warn about logs without think tags")
    add("--draws", type=int, default=1000, help="bootstrap draws behind each interval (default: 1000)")
    add("--json", action="store_true", help="print the tables as JSON")


def work(args: argparse.Namespace) -> int:
    first = args.logs[0]
    out = args.out or (first if first.is_dir() else first.parent) / "scored"

    def said(model: str) -> None:
        if sys.stderr.isatty():
            print(f"scoring {one_line(model)}", file=sys.stderr)

    scored = score_logs(
        args.logs, Reading(args.columns, args.language, args.kind, args.think_tags), args.baseline, args.languages,
        args.in_domain, args.training, args.draws, not args.no_thinking, said,
    )  # fmt: skip
    files = write_scored(scored, out, args.draws)
    for line in scored.remarks:
        print(f"vernacular: {one_line(line)}", file=sys.stderr)
    for line in [*scored.bad[:SHOWN], *scored.leaking[:SHOWN]]:
        print(f"  {one_line(line)}", file=sys.stderr)
    if scored.bad:
        rows = len(scored.bad) + len(scored.tables["verdicts"])
        print(f"vernacular: {len(scored.bad):,} of {rows:,} rows left out: {out / 'bad_rows.csv'}", file=sys.stderr)
    if scored.leaking:
        print(f"vernacular: {len(scored.leaking):,} training rows hold questions: {out / 'leaks.csv'}", file=sys.stderr)
    if args.json:
        tables = {name: records(table) for name, table in scored.tables.items() if name != "verdicts"}
        print(json.dumps({**tables, "logs": scored.shapes, "remarks": scored.remarks, "files": list(map(str, files))}))
    else:
        show(scored, files)
    return 0 if scored.clean else 1


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return list(json.loads(table.to_json(orient="records")))


def show(scored: Scored, files: list[Path]) -> None:
    table = scored.tables["scores"][["model", "benchmark", "language", "n", "k", *PRINTED]].copy()
    if ENGLISH in set(table["language"]):  # it has a row of its own, and is in no average
        table["language"] = table["language"].replace("all", f"all but {ENGLISH}")
    print(printed(table))
    if "differences" in scored.tables:
        found = scored.tables["differences"]
        kept = found[found["metric"].isin(["accuracy", "lcpr"]) & (found["language"] == "all")].copy()
        if len(kept):
            print(f"\n{printed(kept, '+')}")
    print("\nwritten: " + ", ".join(one_line(file) for file in files))
