"""Put a finished study into one file: vernacular archive CONFIG

The file is a zip that checks itself: `python STUDY.zip` compares each file in it with its SHA-256.
"""

import argparse
import hashlib
import json
import zipfile
from pathlib import Path

from vernacular.command.check_archive import SUMS
from vernacular.planning.plan import read_study
from vernacular.storage.files import atomic_path
from vernacular.storage.resources import workflow_root

USAGE = """\
examples:
  vernacular archive config/config.yaml
  vernacular archive config/config.yaml mine.yaml --results /scratch/results --out mine.zip
  python mine.zip                                    checks that every file in it is unchanged

holds the configuration as it was given and as it was read, the lock, pages, tables, figures, costs, and the models'
manifests; no weights, no generations. The same results give the same bytes.
exit status: 0; 2 if nothing was written"""
KEPT = (  # below results/<study>
    "*.html",
    "tables/*.csv",
    "figures/*",
    "corpus/*.csv",
    "costs/**/*.csv",
    "downloads.json",
    "seed-*/slam/*/layers.json",
    "seed-*/models/*/manifest.json",
    "seed-*/models/*/history.csv",
)
CHECK = "__main__.py"  # what `python FILE` runs
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can have


def archive(configs: list[str], results: Path, out: Path | None = None) -> Path:
    """Write the archive of a study; returns its path.

    results: the folder that holds the results of all studies. Raises ValueError where the study has no page there
    (it is made last), and for a configuration that is not a study.
    """
    study = read_study(configs)
    name = study.config["study"]
    folder = results / name
    if not (folder / "index.html").is_file():
        raise ValueError(
            f"{folder / 'index.html'}: not there, so this study was not finished; run it, or name --results"
        )
    contents = {f"config/{number}-{Path(path).name}": Path(path).read_bytes() for number, path in enumerate(configs, 1)}
    contents["config/as-read.json"] = json.dumps(study.config, ensure_ascii=False, indent=1).encode()
    lock = workflow_root() / "requirements.lock"
    contents[lock.name] = lock.read_bytes()
    contents |= {f"results/{name}/{path.relative_to(folder)}": path.read_bytes() for path in files_of(folder)}
    contents[CHECK] = Path(__file__).with_name("check_archive.py").read_bytes()
    sums = [f"{hashlib.sha256(data).hexdigest()}  {path}\n" for path, data in sorted(contents.items())]
    contents[SUMS] = "".join(sums).encode()
    out = out or Path(f"{name}.zip")
    with atomic_path(out) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as file:
        for path, data in sorted(contents.items()):
            file.writestr(zipfile.ZipInfo(path, EPOCH), data, zipfile.ZIP_DEFLATED)
    return out


def files_of(folder: Path) -> list[Path]:
    """The files to keep. No link that leads out of the folder, and no hidden file."""
    found = {path for pattern in KEPT for path in folder.glob(pattern)}
    inside = folder.resolve()
    return sorted(
        path for path in found if path.is_file() and path.name[0] != "." and path.resolve().is_relative_to(inside)
    )


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "config", nargs="+", metavar="CONFIG", help="the study's configuration files, in the order in which it was run"
    )
    parser.add_argument(
        "--results", type=Path, default=Path("results"), help="folder of all results (default: results)"
    )
    parser.add_argument("--out", type=Path, help="file to write (default: <study>.zip)")
    parser.add_argument("--json", action="store_true", help="print the file and its size as JSON")


def work(args: argparse.Namespace) -> None:
    out = archive(args.config, args.results, args.out)
    size = out.stat().st_size
    if args.json:
        print(json.dumps({"file": str(out), "bytes": size}))
    else:
        print(f"{out}  {size:,} bytes; to check it anywhere: python {out.name}")
