"""A folder with a study of your own, which runs as it is: a copy of a shipped configuration to change."""

import argparse
import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from vernacular.storage.files import atomic_folder
from vernacular.storage.messages import nearest
from vernacular.storage.resources import workflow_root

USAGE = """\
examples:
  vernacular new my-study
  vernacular new my-study --like smoke
  cd my-study && snakemake -n && snakemake --profile local

writes DIR/config/config.yaml (the study, named after DIR), DIR/config/README.md (every key), DIR/Snakefile (the
installed workflow), and profiles/
exit status: 0; 2 if DIR exists"""
SNAKEFILE = """\
# The workflow of the installed package, with this folder's config/config.yaml.
from vernacular.storage.resources import workflow_root


include: str(workflow_root() / "Snakefile")


rule default:
    default_target: True
    input:
        rules.all.input,
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder to create; its name becomes the study's")
    parser.add_argument(
        "--like", default="config", metavar="NAME", help="a shipped configuration, such as smoke (default: config)"
    )
    parser.add_argument("--json", action="store_true", help="print the files as JSON")


def new_study(folder: Path, like: str = "config") -> list[Path]:
    """Make the folder, whole or not at all; the files in it. Raises ValueError for a name that a study cannot have, an
    unknown configuration, and a folder that is there."""
    name = folder.resolve().name
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise ValueError(f"{folder}: a study is named in small letters, digits and hyphens; choose another name")
    if folder.exists() or folder.resolve().exists():  # `x/..` of an x that is not there
        raise ValueError(f"{folder}: already exists; choose another name")
    shipped = workflow_root() / "config"
    studies = {
        file.relative_to(shipped).with_suffix("").as_posix(): text
        for file in sorted(shipped.rglob("*.yaml"))
        if re.search("^study:", text := file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    if like not in studies:
        raise ValueError(f"--like: no configuration '{like}'; {nearest(like, studies)}")
    with atomic_folder(folder) as made:
        shutil.copytree(workflow_root() / "profiles", made / "profiles")
        for profile in ("local", "slurm"):
            (made / profile).symlink_to(Path("profiles", profile))
        (made / "config").mkdir()
        shutil.copy(shipped / "README.md", made / "config")
        text = re.sub("^study:.*$", f"study: {name}", studies[like], count=1, flags=re.MULTILINE)
        text = text.replace(f"config/{like}.yaml", "config/config.yaml")  # in its comments: what it is called here
        (made / "config" / "config.yaml").write_text(text, encoding="utf-8")
        (made / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    return sorted(file for file in folder.rglob("*") if file.is_file())


def work(args: argparse.Namespace) -> int:
    files = new_study(args.folder, args.like)
    if args.json:
        print(json.dumps([str(file) for file in files]))
    else:
        print("\n".join(map(str, files)))
        if find_spec("snakemake") is None:
            print("\nto run it: pip install 'vernacular[workflow]'")
        print(f"\ncd {args.folder} && snakemake -n      (then: snakemake --profile local)")
    return 0
