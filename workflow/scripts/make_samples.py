"""For each language a question on which models differ, what each wrote, and its verdicts (tables/samples.csv)."""

import argparse
from dataclasses import asdict
from pathlib import Path

from vernacular.language.options import IdentifierOptions
from vernacular.storage.command import program
from vernacular.storage.options import add_options


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scores", nargs="+", help=".../seed-<n>/scores/<model>/<benchmark>.parquet of one benchmark and seed"
    )
    parser.add_argument("--questions", required=True, type=Path, help="questions of the split (Parquet)")
    add_options(parser, IdentifierOptions, "--identifier")
    parser.add_argument("--out", required=True, help="table (CSV)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    from vernacular.evaluation.complete import check_samples
    from vernacular.evaluation.frames import read_frames
    from vernacular.evaluation.samples import sample_table
    from vernacular.language.identify import LanguageIdentifier
    from vernacular.storage.records import GENERATION, QUESTION
    from vernacular.storage.tables import read_frame, write_csv

    frames = read_frames(args.scores)
    if len({(benchmark, seed) for _, benchmark, seed in frames}) > 1:
        raise ValueError("scores of several benchmarks or seeds; give those of one")
    scores = {model: rows for (model, _, _), rows in frames.items()}
    paths = {Path(path).parent.name: Path(path.replace("/scores/", "/generations/")) for path in args.scores}
    generations = {model: read_frame(paths[model], GENERATION) for model in scores}
    for model, rows in generations.items():
        check_samples(rows, paths[model])
    questions = read_frame(args.questions, QUESTION)
    questions = questions[questions["benchmark"] == Path(args.scores[0]).stem]
    identifier = LanguageIdentifier(**asdict(args.identifier))
    write_csv(args.out, sample_table(generations, scores, questions, identifier))
