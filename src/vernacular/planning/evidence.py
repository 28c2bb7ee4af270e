"""The committed seeds of a study as its tables: python -m vernacular.planning.evidence CONFIG FOLDER

The seeds are those of FOLDER's files; FOLDER/scores.csv and claims.csv are what a study of all of them would write.
"""

import argparse
import re
from pathlib import Path

from vernacular.evaluation.claims import claims_table
from vernacular.evaluation.evidence import read_evidence
from vernacular.evaluation.frames import check_alike
from vernacular.evaluation.rates import RATES
from vernacular.evaluation.seeds import with_means
from vernacular.evaluation.statistics import score_table
from vernacular.planning.plan import ROOT
from vernacular.storage.command import program
from vernacular.storage.messages import one_line
from vernacular.storage.tables import write_csv
from vernacular.study.claim_inputs import claims_of, claims_options
from vernacular.study.compile import DEFAULT, compile_study
from vernacular.study.layers import lay, read_layer
from vernacular.study.targets import config_hash, summary_options


def seed_files(folder: Path) -> list[Path]:
    """seed-<n>.parquet of a folder, by n."""
    found = {path: re.fullmatch(r"seed-(\d+)", path.stem) for path in folder.glob("seed-*.parquet")}
    return sorted((path for path, match in found.items() if match), key=lambda path: int(path.stem[5:]))


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", help="the study, config/evidence/PART.yaml")
    parser.add_argument("folder", type=Path, help="where its seeds are, docs/evidence/PART")


def work(args: argparse.Namespace) -> None:
    told, frames = read_evidence(seed_files(args.folder))
    seeds = sorted({seed for *_, seed in frames})
    config = lay([read_layer(args.config, args.config)], ROOT / "config") | {"seeds": seeds}
    study = compile_study(config, args.config, ROOT / "config" / "claims.yaml")
    target = study.targets[DEFAULT]
    options = summary_options(study, target)
    if told["config"] != (now := config_hash(study.config)):
        what = f"made with another configuration ({told['config']}) than {args.config} is now ({now})"
        raise ValueError(f"{args.folder}: {what}; go back to that one, or make the seeds again")
    check_alike(frames, options.asked)
    scores = score_table(frames, options.study, options.in_domain, options.draws)
    claims = claims_table(claims_of(study, target), frames, {}, claims_options(study, target))
    write_csv(args.folder / "scores.csv", with_means(scores, ["model", "benchmark", "language"], RATES, ["answer_n"]))
    write_csv(args.folder / "claims.csv", claims)
    print(f"seeds {', '.join(map(str, seeds))} of the code {told['code']}: {args.folder}/scores.csv, claims.csv")
    for row in claims.to_dict("records"):
        print(one_line(f"{row['verdict']}: {row['claim']} ({row['metric']} {row['benchmark']})"))


main = program(__name__, __file__, __doc__, arguments)(work)
