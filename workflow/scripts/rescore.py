"""Metrics with 95 % intervals for anyone's completions, and whether a training corpus holds their questions.

    python workflow/scripts/rescore.py DIR [--training FILE ...] [--in-domain fr ja]

DIR holds a file for each model, <model>.jsonl, with a JSON object per line: id, language, answer and completion (trace,
</think>, response), and where known benchmark, kind (math, choice, entailment), sample, tokens, question and choices.
Each file's think tags are recognised; in a file without any, the whole completion is the trace, and its
last box or line the response.

Writes DIR/rescored/scores.csv (the columns of tables/scores.csv), verdicts.csv (a row per completion) and, with
--training, leaks.csv; ends with status 2 if questions leaked. Nothing is trained, and no model is needed.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "src"))

from vernacular.language.languages import ENGLISH  # noqa: E402
from vernacular.language.thinking import FAMILIES  # noqa: E402
from vernacular.storage.command import run  # noqa: E402
from vernacular.storage.messages import one_line  # noqa: E402


def command_line() -> argparse.ArgumentParser:
    about, usage = (__doc__ or "").split("\n\n", 1)
    parser = argparse.ArgumentParser(
        description=about, epilog=usage, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of <model>.jsonl files")
    parser.add_argument("--training", type=Path, nargs="+", default=[], help="training files (JSON lines, Parquet)")
    parser.add_argument("--languages", nargs="+", default=[], help="the identifier's candidates (default: all present)")
    parser.add_argument("--in-domain", nargs="+", default=[], help="training languages, averaged separately")
    parser.add_argument("--think-tags", choices=FAMILIES, help="think tags (default: those that each file uses)")
    parser.add_argument("--no-thinking", action="store_true", help="do not warn about files without think tags")
    parser.add_argument("--draws", type=int, default=1000, help="draws of the bootstrap behind the intervals")
    return parser


def completion_files(folder: Path) -> list[Path]:
    """One for each model. Raises ValueError where there are none."""
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        if folder.is_file():
            raise ValueError(f"{folder}: is a file; give its folder, which may hold a file for each model")
        if not folder.exists():
            raise ValueError(f"{folder}: no such folder")
        others = sorted(path.name for path in folder.glob("*.json*"))
        there = f", but {others[0]}" if others else ""
        raise ValueError(f"{folder}: no <model>.jsonl here{there}; --help says what a line holds")
    return files


def rescore(args: argparse.Namespace, leaking: list[str]) -> None:
    """Write and print the results; adds a line to `leaking` for each training row that holds a question."""
    import pandas as pd

    from vernacular.evaluation.rescore import check_corpora, read_completions, remark, summary
    from vernacular.storage.tables import printed, write_csv

    files = completion_files(args.folder)
    if args.draws < 100:
        raise ValueError(f"--draws: {args.draws} is too small; give at least 100")
    models = {path.stem: read_completions(path, args.think_tags) for path in files}
    out = args.folder / "rescored"
    study = args.folder.resolve().name
    table, verdicts = summary(
        models,
        {"study": study, "languages": args.languages, "in_domain": args.in_domain, "draws": args.draws},
    )
    if args.training:
        checked, lines = check_corpora(models, args.training)
        write_csv(out / "leaks.csv", pd.DataFrame(checked))
        leaking.extend(lines)
    write_csv(out / "scores.csv", table)
    write_csv(out / "verdicts.csv", verdicts)
    columns = ["model", "benchmark", "language", "n", "k", "accuracy", "accuracy_low", "accuracy_high", "lcpr"]
    columns += ["foreign_script_rate", "answer_consistency", "answer_n"]
    if ENGLISH in set(table["language"]):  # it has a row of its own, and is in no average
        table["language"] = table["language"].replace("all", f"all but {ENGLISH}")
    print(printed(table[columns]))
    for path, rows in zip(files, models.values(), strict=True):
        if said := remark(path, rows, not args.no_thinking):
            print(f"rescore: {one_line(said)}", file=sys.stderr)
    said = f"All metrics with intervals: {out / 'scores.csv'}; each completion's verdicts: {out / 'verdicts.csv'}"
    print(f"\n{one_line(said)}")


def main(argv: list[str] | None = None) -> int:
    args = command_line().parse_args(argv)
    leaking: list[str] = []
    status = run("rescore", lambda: rescore(args, leaking))
    if leaking:
        print("\n".join(leaking[:20]), file=sys.stderr)
        print(f"rescore: {len(leaking)} training rows hold evaluation questions; {args.folder}/rescored/leaks.csv")
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
