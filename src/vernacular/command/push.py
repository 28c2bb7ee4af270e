"""Push a model folder, or the data of a study, with its card to a hub.

The token comes from the variable HF_TOKEN and from nowhere else; HF_ENDPOINT names another hub than the default one.
"""

import argparse
import json
import os
import re
from pathlib import Path

from vernacular.storage.messages import hide_in_log

USAGE = """\
examples:
  vernacular push results/default/seed-1/models/adamame --repo me/adamame --dry-run
  HF_TOKEN=... vernacular push results/default/seed-1/models/adamame --repo me/adamame
  HF_TOKEN=... vernacular push --dataset config/config.yaml --repo me/traces
  vernacular push --dataset config/config.yaml mine.yaml --repo me/traces --parts traces,scores --dry-run

With --dataset: the traces that the filter kept, RL prompts, generations and scores. They are first written with a card
to results/<study>/dataset, which `datasets.load_dataset` reads too. Nothing else of the study is sent.

exit status: 0; 2 if nothing was pushed"""
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
# What a model loads, and the records of how it was made. No pickle, no hidden file, no stray file.
KINDS = (".safetensors", ".json", ".jinja", ".txt", ".model", ".csv")
CARD = "README.md"
OF_DATASETS = ("parts", "target", "results")


def files_of(folder: Path) -> list[Path]:
    """The files to push, by name. Raises ValueError if the folder holds no weights, or a link that leads out of it."""
    found = [path for path in sorted(folder.iterdir()) if path.suffix in KINDS and path.name[0] != "."]
    if not any(path.suffix == ".safetensors" for path in found):
        raise ValueError(f"{folder}: no *.safetensors here, so this is not a model folder")
    for path in found:
        if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{path}: not this folder's own file; push the folder that it comes from")
    return found


def push(contents: dict[str, Path], repo: str, kind: str, public: bool, name: str) -> str:
    """Make one commit with all files; returns its address. contents: path in the repository -> file; kind: model or
    dataset; name: for the message."""
    from huggingface_hub import CommitOperationAdd, HfApi

    hide_in_log("huggingface_hub")
    token = os.environ.get("HF_TOKEN")
    if not token:
        raise ValueError("HF_TOKEN is not set: export a token that may write (it is never read from a file)")
    api = HfApi(token=token, endpoint=os.environ.get("HF_ENDPOINT"))
    api.create_repo(repo, repo_type=kind, private=not public, exist_ok=True)
    operations = [CommitOperationAdd(path, file) for path, file in contents.items()]
    message = f"{name}, made by Vernacular"
    try:
        return api.create_commit(repo, operations, commit_message=message, repo_type=kind).commit_url
    except RuntimeError as error:  # the client raises it for every failure with a large file
        raise OSError(f"{repo}: {error} ({error.__cause__}); push it again: nothing was committed") from None


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="FOLDER", help="model folder, results/<study>/seed-<n>/models/<model>"
    )
    parser.add_argument(
        "--dataset",
        action="store_true",
        help="the data of a study: its configuration files instead of FOLDER, in the order of the run",
    )
    parser.add_argument("--card", type=Path, help="a model's card (default: results/<study>/cards/seed-<n>/<model>.md)")
    parser.add_argument("--parts", metavar="PART,...", help="of a dataset: any of traces, prompts, generations, scores")
    parser.add_argument("--target", metavar="NAME", help="of a dataset: the models of this target (default: all)")
    parser.add_argument("--results", type=Path, help="of a dataset: folder of all results (default: results)")
    parser.add_argument("--repo", required=True, help="owner/name on the hub; created if it does not exist")
    parser.add_argument("--public", action="store_true", help="create the repository public (default: private)")
    parser.add_argument(
        "--dry-run", action="store_true", help="list what would be pushed; needs no network and no token"
    )
    parser.add_argument("--json", action="store_true", help="print files and the commit's address as JSON")


def card_of(folder: Path) -> Path:
    """The card of a model folder of a study. Raises ValueError where there is none."""
    seed = folder.parent.parent
    card = seed.parent / "cards" / seed.name / f"{folder.name}.md"
    if not card.exists():
        how = f"`snakemake cards --configfile FILE`, where FILE is the configuration of the study '{seed.parent.name}'"
        raise ValueError(f"{card}: no card of this model; make it with {how}, or name one with --card")
    return card


def model_contents(args: argparse.Namespace) -> dict[str, Path]:
    """Path in the repository -> file, of a model folder and its card."""
    if other := [name for name in OF_DATASETS if getattr(args, name)]:
        raise ValueError(f"--{other[0]}: is for the data of a study; add --dataset")
    if len(args.paths) > 1:
        raise ValueError(f"{args.paths[1]}: a second folder; push one model at a time")
    [folder] = args.paths
    if not folder.is_dir():
        advice = (
            "name a model folder, results/<study>/seed-<n>/models/<model>, or a study's configuration with --dataset"
        )
        raise ValueError(f"{folder}: no folder here; {advice}")
    card = args.card or card_of(folder.resolve())
    return {CARD: card, **{path.name: path for path in files_of(folder)}}


def dataset_contents(args: argparse.Namespace) -> dict[str, Path]:
    """The same of the data of a study, which is put together first."""
    from vernacular.command.dataset import prepare

    if args.card:
        raise ValueError("--card: is for a model; a dataset's card is made with it")
    folder = prepare(
        [str(path) for path in args.paths], args.repo, args.results or Path("results"), args.target or "all", args.parts
    )
    files = [folder / CARD, *sorted(folder.rglob("*.parquet"))]
    return {path.relative_to(folder).as_posix(): path for path in files}


def work(args: argparse.Namespace) -> None:
    if not REPOSITORY.fullmatch(args.repo):
        raise ValueError(f"--repo {args.repo}: not the name of a repository; it is OWNER/NAME")
    contents = dataset_contents(args) if args.dataset else model_contents(args)
    sizes = {str(path): path.stat().st_size for path in contents.values()}
    if not args.json:
        print("\n".join(f"{size:>15,} bytes  {path}" for path, size in sizes.items()))
    kind, commit = "dataset" if args.dataset else "model", None
    if not args.dry_run:
        name = contents[CARD].parent.parent.name if args.dataset else args.paths[0].resolve().name
        commit = push(contents, args.repo, kind, args.public, name)
    if args.json:
        print(json.dumps({"files": sizes, "commit": commit}))
    elif commit:
        print(commit)
