"""What would run now: make dry-run, or python -m vernacular.planning.dry_run CONFIG... [--target NAME]

A line for each rule with its number of jobs, and the jobs that would take longest, by the plan's estimates.
"""

import argparse
import re
from dataclasses import replace

from vernacular.planning.plan import dry_run, jobs, names_of, read_study, target_of
from vernacular.planning.work import Work, answerings, trainings
from vernacular.storage.command import program
from vernacular.study.compile import Study
from vernacular.study.graph import with_ancestors

LONGEST = 5  # of the longest jobs are shown


def table(said: str, study: Study, target: str) -> list[str]:
    """Rules and their jobs, in the order in which Snakemake names them. said: by Snakemake."""
    counts = jobs(said)
    total = counts.pop("total")
    if not total:
        return [f"Nothing to do for the target {target}: everything is there."]
    own = [(rule, count) for rule, count in counts.items() if rule not in names_of(study)]
    return [*(f"{rule:<24}{count:>6}" for rule, count in own), f"{'total':<24}{total:>6}  for the target {target}"]


def longest(said: str, study: Study) -> list[Work]:
    """Of the trainings and answers that a dry run would make, those that take most hours, by estimate."""
    words = {tuple(line.split()) for line in re.findall(r"^ *Job \d+: \w+: (.*)$", said, re.MULTILINE)}

    def made(*message: str) -> bool:
        """Whether a job has a message that begins so."""
        return any(line[: len(message)] == message for line in words)

    # Only what they need is counted: a model of each takes a while.
    answers = {(label, on): a for (label, on), a in study.answers.items() if made(label, "answers", on)}
    parents = {name for name in study.models if made("finding", "the", "questions", "that", name)}
    trained = {name for name in study.models if made("training", name)}
    needed = with_ancestors(study.models, [*trained, *parents, *(answer.model for answer in answers.values())])
    part = replace(study, answers=answers, models={name: study.models[name] for name in needed})
    works = [work for work in trainings(part) if work.name in trained]
    works += [work for work in answerings(part) if work.rule != "make_rl_prompts" or work.name in parents]
    return sorted(works, key=lambda work: work.hours, reverse=True)[:LONGEST]


def duration(hours: float) -> str:
    """In minutes where it is less than an hour."""
    return f"{hours:.1f} h" if hours >= 1 else f"{max(hours * 60, 1):.0f} min"


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", nargs="+", help="configuration files, laid over each other from left to right")
    parser.add_argument("--target", default="all", metavar="NAME", help="a target of snakemake (default: all)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    study = read_study(args.config)
    target_of(study, args.target)
    said = dry_run(args.config, [args.target])
    print("\n".join(table(said, study, args.target)), flush=True)
    if works := longest(said, study):
        print("\nThe longest, by estimate (`make plan` has all):")
        print("\n".join(f"{work.rule:<24}{duration(work.hours):>8}  {work.name}" for work in works))
