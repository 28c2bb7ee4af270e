"""Push a model folder to a hub: vernacular push FOLDER --repo OWNER/NAME

The token comes from the variable HF_TOKEN and from nowhere else; HF_ENDPOINT names another hub than the default one.
"""

import argparse
import json
import os
import re
from pathlib import Path

from vernacular.storage.command import program
from vernacular.storage.messages import hide_in_log

USAGE = """\
examples:
  vernacular push results/default/seed-1/models/adamame --repo me/adamame --dry-run
  HF_TOKEN=... vernacular push results/default/seed-1/models/adamame --repo me/adamame --private

exit status: 0; 2 where nothing was pushed"""
# What a model loads, and the records of how it was made. No pickle, no hidden file, no stray file.
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
KINDS = (".safetensors", ".json", ".jinja", ".txt", ".model", ".csv")


def files_of(folder: Path) -> list[Path]:
    """The files to push, by name. Raises ValueError if the folder holds no weights, or a link that leads out of it."""
    found = [path for path in sorted(folder.iterdir()) if path.suffix in KINDS and path.name[0] != "."]
    if not any(path.suffix == ".safetensors" for path in found):
        raise ValueError(f"{folder}: no *.safetensors here, so this is not a model folder")
    for path in found:
        if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError(f"{path}: not this folder's own file; push the folder that it comes from")
    return found


def push(folder: Path, card: Path, repo: str, private: bool) -> str:
    """Make one commit with all files and the card as README.md; returns the address of the commit."""
    from huggingface_hub import CommitOperationAdd, HfApi

    hide_in_log("huggingface_hub")
    token = os.environ.get("HF_TOKEN")
    if not token:
        raise ValueError("HF_TOKEN is not set: export a token that may write (it is never read from a file)")
    api = HfApi(token=token, endpoint=os.environ.get("HF_ENDPOINT"))
    api.create_repo(repo, private=private, exist_ok=True)
    contents = {"README.md": card, **{path.name: path for path in files_of(folder)}}
    operations = [CommitOperationAdd(name, path) for name, path in contents.items()]
    try:
        return api.create_commit(repo, operations, commit_message=f"{folder.name}, made by Vernacular").commit_url
    except RuntimeError as error:  # the client raises it for every failure with a large file
        raise OSError(f"{repo}: {error} ({error.__cause__}); push it again: nothing was committed") from None


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="model folder, results/<study>/seed-<n>/models/<model>")
    parser.add_argument("--card", type=Path, help="its card (default: results/<study>/cards/seed-<n>/<model>.md)")
    parser.add_argument("--repo", required=True, help="owner/name on the hub; created if it does not exist")
    parser.add_argument("--private", action="store_true", help="if the repository is created, make it private")
    parser.add_argument(
        "--dry-run", action="store_true", help="list what would be pushed; needs no network and no token"
    )
    parser.add_argument("--json", action="store_true", help="print files and the commit's address as JSON")


def card_of(folder: Path) -> Path:
    """The card of a model folder of a study. Raises ValueError where there is none."""
    card = folder.parents[2] / "cards" / folder.parent.parent.name / f"{folder.name}.md"
    if not card.exists():
        raise ValueError(f"{card}: no card of this model; make it (snakemake cards), or name one with --card")
    return card


def work(args: argparse.Namespace) -> None:
    if not args.folder.is_dir():
        raise ValueError(f"{args.folder}: no folder here; name a model folder, results/<study>/seed-<n>/models/<model>")
    if not REPOSITORY.fullmatch(args.repo):
        raise ValueError(f"--repo {args.repo}: not the name of a repository; it is OWNER/NAME")
    card = args.card or card_of(args.folder.resolve())
    sizes = {str(path): path.stat().st_size for path in [card, *files_of(args.folder)]}
    if not args.json:
        print("\n".join(f"{size:>15,} bytes  {path}" for path, size in sizes.items()))
    commit = None if args.dry_run else push(args.folder, card, args.repo, args.private)
    if args.json:
        print(json.dumps({"files": sizes, "commit": commit}))
    elif commit:
        print(commit)


main = program(__name__, __file__, __doc__, arguments)(work)
