"""What a study will take, before anything is submitted: `make plan`, or `vernacular plan CONFIG...`

GPUs, memory of a GPU by part, hours and disk of each training and answering, jobs, GPU hours, bytes to fetch, and which
key to change where a job does not fit what it asks for. All are estimates, from parameter and token counts and the
assumptions in resources/sizes.yaml; docs/resources.md has the formulas.
"""

import argparse
import json
import re
import subprocess
import sys
import warnings
from dataclasses import asdict, replace

import yaml

from vernacular.planning.estimate import machine
from vernacular.planning.memory import GB, Memory
from vernacular.planning.work import Work, answerings, asked_resources, fetched, peak_disk, trainings
from vernacular.storage.command import program
from vernacular.storage.messages import nearest
from vernacular.storage.resources import workflow_root
from vernacular.study.compile import DEFAULT, EVERY, Study, Target, compile_study
from vernacular.study.evaluations import answered
from vernacular.study.graph import models_behind, prompt_parents
from vernacular.study.layers import lay, read_layer

ROOT = workflow_root()
EVERYTHING = "everything"  # all that the study evaluates
USAGE = """\
examples:
  vernacular plan config/config.yaml
  vernacular plan config/config.yaml mine.yaml
  vernacular plan config/paper/adamame-qwen3-4b.yaml --resources > resources.yaml
  vernacular plan config/config.yaml --json

exit status: 0; 2 for a configuration that is not a study"""


def dry_run(configs: list[str], targets: list[str]) -> str:
    """What Snakemake says would run. Raises ValueError with its last line where it refuses."""
    run = [sys.executable, "-P", "-m", "snakemake", *targets, "--snakefile", str(ROOT / "Snakefile"), "--dry-run"]
    run += ["--cores", "1", "--configfile", *configs]
    done = subprocess.run(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise ValueError(done.stdout.strip().splitlines()[-1].removeprefix("vernacular: "))
    return done.stdout


def jobs(said: str) -> dict[str, int]:
    """Rule -> its jobs, and `total`, in what Snakemake said."""
    stats = said.partition("Job stats:")[2].partition("\n\n")[0]
    rows = re.findall(r"^(\w[\w-]*) +(\d+)$", stats, re.MULTILINE)
    return {"total": 0} | {rule: int(count) for rule, count in rows}


def names_of(study: Study) -> list[str]:
    """The targets that a plan can be about: those of Snakemake, and EVERYTHING."""
    return ["all", *(target.name for target in study.named_targets), EVERYTHING]


def target_of(study: Study, name: str) -> Target:
    if name not in names_of(study):
        raise ValueError(f"--target: the study has no target '{name}'; {nearest(name, names_of(study))}")
    return study.targets[{"all": DEFAULT, EVERYTHING: f"{EVERY}-"}.get(name, f"{name}-")]


def of_target(study: Study, works: list[Work], target: Target) -> list[Work]:
    """Those of some jobs that a target takes, with the trainings of all models behind its own."""
    models = models_behind(study.models, target.evaluations)
    parents = prompt_parents(study.models, models)
    answers = {f"{label} / {benchmark}" for label, benchmark, _ in answered(target.evaluations)}
    wanted = {"make_rl_prompts": parents, "generate": answers, "generate_merged": answers}
    return [work for work in works if work.name in wanted.get(work.rule, models)]


def cells(work: Work) -> list[str]:
    """A line of the table, as it is shown."""
    held = [size / GB for size in work.memory.parts.values()]
    shown = [work.rule, work.name, str(work.times), str(work.gpus or "-")]
    shown += [f"{size:.1f}" if work.gpus and size else "-" for size in (*held, work.memory.peak / GB)]
    shown += [f"{work.host / GB:.1f}", f"{work.hours:.2f}"]
    shown.append(f"{work.hours * work.gpus * work.times:.1f}" if work.gpus else "-")
    return [*shown, f"{(work.disk + work.scratch) / GB:.1f}", work.note or "yes"]


def table(works: list[Work]) -> list[str]:
    """A line of Markdown for each, below two of a head; GB of one GPU by part, and their peak."""
    head = ["rule", "model", "jobs", "GPUs", *Memory().parts, "GB a GPU", "GB host"]
    head += ["hours each", "GPU hours", "GB disk", "fits"]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {' | '.join(cells(work))} |" for work in works)]


def joined(works: list[Work]) -> list[Work]:
    """One for all that differ only in the model, with their names and the sum of their jobs."""
    groups: dict[tuple[str, ...], list[Work]] = {}
    for work in works:
        benchmark = work.name.partition(" / ")[2]
        groups.setdefault((benchmark, *cells(replace(work, name=""))), []).append(work)
    lines = []
    for (benchmark, *_), group in groups.items():
        names = ", ".join(work.name.partition(" / ")[0] for work in group) + (f" / {benchmark}" if benchmark else "")
        lines.append(replace(group[0], name=names, times=sum(work.times for work in group)))
    return lines


def section(study: Study, works: list[Work]) -> list[str]:
    """What docs/resources.md has of a configuration."""
    hours = gpu_hours(works)
    disk, download = peak_disk(study, works) / GB, fetched(study) / GB
    sums = f"{hours:.0f} GPU hours; {disk:.0f} GB of disk, {download:.0f} GB of models to fetch."
    return [sums, "", *table(joined(works))]


def report(study: Study, works: list[Work], name: str, count: int) -> str:
    """The plan of a target: its jobs, what they sum up to, and a line for each target of the study. works: all."""
    own = of_target(study, works, target_of(study, name))
    gpu = machine(1)
    speed = f"{gpu['name']}, {gpu['training_share']:.0%} of {gpu['flops'] / 1e12:.0f} TFLOP/s"
    wrong = sum(bool(work.note) for work in own)
    return "\n".join(
        [
            *table(own),
            "",
            f"The target {name}, whose trainings and generations are in the table:",
            f"jobs      {count} of all kinds left to run now",
            f"GPU hours {gpu_hours(own):.1f} ({speed})",
            f"CPU hours {cpu_hours(own):.1f} of jobs without a GPU",
            f"disk      {peak_disk(study, own) / GB:.1f} GB at peak: models, generations, checkpoints, downloads",
            f"to fetch  {fetched(study) / GB:.1f} GB of models, for all targets",
            f"fits      {'all' if not wrong else f'not {wrong} of {len(own)}: see the last column'}",
            "",
            "Each target from scratch, with all models that it needs (make plan TARGET=NAME shows one):",
            *totals(study, works),
            "All figures are estimates: docs/resources.md has the formulas.",
        ]
    )


def gpu_hours(works: list[Work]) -> float:
    return sum(work.hours * work.gpus * work.times for work in works)


def cpu_hours(works: list[Work]) -> float:
    return sum(work.hours * work.times for work in works if not work.gpus)


def totals(study: Study, works: list[Work]) -> list[str]:
    lines = [f"{'target':<24} trainings  answers  GPU hours  CPU hours"]
    for name in names_of(study):
        own = of_target(study, works, target_of(study, name))
        trained = sum(work.times for work in own if work.rule.startswith(("train_", "pretrain")))
        answered = sum(work.times for work in own) - trained
        lines.append(f"{name:<24} {trained:>9} {answered:>8} {gpu_hours(own):>10.1f} {cpu_hours(own):>10.1f}")
    return lines


def overlay(works: list[Work]) -> str:
    """A configuration to lay over the study: `resources` of its models, from the plan."""
    found = {w.name: {"resources": asked_resources(w)} for w in works if w.rule.startswith(("train_", "pretrain"))}
    return yaml.safe_dump({"models": found}, sort_keys=False)


def read_study(configs: list[str]) -> Study:
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")  # of its names, which it keeps
    whole = lay([read_layer(path, path) for path in configs], ROOT / "config")
    return compile_study(whole, " + ".join(configs), ROOT / "config" / "claims.yaml")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "config", nargs="+", metavar="CONFIG", help="configuration files, laid over each other from left to right"
    )
    parser.add_argument("--target", default="all", metavar="NAME", help=f"a target (default: all) or {EVERYTHING}")
    parser.add_argument("--resources", action="store_true", help="print `resources` of the models as YAML instead")
    parser.add_argument(
        "--json", action="store_true", help="print the jobs as JSON: bytes, hours, and what does not fit"
    )


def work(args: argparse.Namespace) -> None:
    study = read_study(args.config)
    target_of(study, args.target)
    works = [*trainings(study), *answerings(study)]
    if args.json:
        print(json.dumps([{**asdict(one), "memory": one.memory.parts, "peak": one.memory.peak} for one in works]))
        return
    if args.resources:
        print(overlay(works))
        return
    asked = names_of(study)[:-1] if args.target == EVERYTHING else [args.target]
    print(report(study, works, args.target, jobs(dry_run(args.config, asked))["total"]))


main = program(__name__, __file__, __doc__, arguments)(work)
