"""Models and data from the hub, files from URLs, or both from a mirror folder: fetched once, pinned, and checked.

Files of the hub go through its client's own cache (HF_HOME), which resumes cut downloads and serves every study. A
mirror is a folder in that cache's layout, filled elsewhere, that replaces the network.
"""

import hashlib
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from vernacular.corpus.hub import File, hub_repo, mirrored_repo
from vernacular.corpus.urls import fetched_url, mirrored_url
from vernacular.storage.files import atomic_folder, check_regular, link_or_copy, url_name


def fetch(
    item: dict[str, Any], mirror: str | None, earlier: dict[str, Any], out: Path, parts: Path, bars: type[tqdm]
) -> dict[str, Any]:
    """Make the folder `out` of an item's files and return its record for the manifest.

    item: `kind` (model or dataset), `repo`, `revision` and `files` (patterns; None: what a model loads), or `urls`,
    each with `url` and `sha256` (or None); `${NAME}` in a URL is an environment variable, whose value is never written.
    mirror: a folder that replaces the network. earlier: the record of an earlier download, which pins a branch or tag
    to its commit, and a URL without a checksum to its file. parts: a folder for unfinished files of URLs. Raises
    ValueError (one line: what happened, where, what to do).
    """
    if "repo" in item:
        commit, files = mirrored_repo(item, mirror) if mirror else hub_repo(item, bars)
        check_moved(item, commit, earlier)
        record = {key: item[key] for key in ("kind", "repo", "revision")} | {"commit": commit}
        known = {}
    else:
        find = partial(mirrored_url, mirror=mirror) if mirror else partial(fetched_url, parts=parts, bars=bars)
        urls = {url_name(entry["url"]): entry for entry in item["urls"]}
        files = {name: File(find(entry), entry["sha256"], not mirror) for name, entry in urls.items()}
        record = {"urls": {name: entry["url"] for name, entry in urls.items()}}
        known = {name: entry["sha256"] for name, entry in earlier.get("files", {}).items()}
    with atomic_folder(out) as folder:
        record["files"] = {name: take(name, file, folder, known.get(name)) for name, file in sorted(files.items())}
    shutil.rmtree(parts, ignore_errors=True)
    return record


def check_moved(item: dict[str, Any], commit: str, earlier: dict[str, Any]) -> None:
    """Raises ValueError if a branch or tag is no longer at the commit that was fetched first."""
    same = all(earlier.get(key) == item[key] for key in ("kind", "repo", "revision"))
    if same and earlier["commit"] != commit:
        raise ValueError(
            f"{item['repo']}: the revision '{item['revision']}' has moved: it was {earlier['commit']} when it was "
            f"first fetched and is {commit} now; set `revision` to one of the two (the first keeps your results)"
        )


def digest_of(path: Path, git: bool = False) -> str:
    """The file's SHA-256, or the SHA-1 that git names it by."""
    start = partial(hashlib.sha1, f"blob {path.stat().st_size}\0".encode()) if git else hashlib.sha256
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, start).hexdigest()


def take(name: str, file: File, folder: Path, earlier: str | None) -> dict[str, Any]:
    """Check a file, then link or copy it into a folder. Returns its `bytes` and `sha256`."""
    check_regular(file.path)
    digest = digest_of(file.path)
    found = digest_of(file.path, git=True) if file.expected and len(file.expected) == 40 else digest
    if file.expected and found != file.expected:
        if file.ours:
            file.path.unlink()
        again = "run this again to fetch a new copy" if file.ours else f"delete {file.path} and run this again"
        raise ValueError(
            f"{name}: wrong checksum: {found}, not {file.expected}; cut off, or replaced by its publisher: {again}, "
            "and look at the file before you change what is expected"
        )
    if earlier and digest != earlier:
        changed = f"its SHA-256 is {digest}, not {earlier}; look at what changed, then set `sha256` to the one you want"
        raise ValueError(f"{name}: not the file that was fetched first: {changed}")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    link_or_copy(file.path, target)
    return {"bytes": file.path.stat().st_size, "sha256": digest}


def progress_bars(descriptor: int) -> type[tqdm]:
    """Progress bars of bytes on a file descriptor: moving on a terminal, otherwise a plain line for every tenth."""
    stream = open(descriptor, "w", closefd=False)  # noqa: SIM115 (it lives as long as the bars)

    class Bar(tqdm):
        tenth = 0
        title = ""  # what is fetched, if the bar's maker does not name it

        def __init__(self, *args: Any, **options: Any) -> None:
            options = {key: value for key, value in options.items() if key not in ("name", "disable")}
            options["desc"] = self.title or options.get("desc")
            super().__init__(*args, **{**options, "file": stream, "unit": "B", "unit_scale": True})

        def display(self, msg: str | None = None, pos: int | None = None) -> None:
            if stream.isatty():
                super().display(msg, pos)
            elif self.total and 10 * self.n // self.total > self.tenth:
                self.tenth = 10 * self.n // self.total
                done = f"{self.n / 1e6:.1f} of {self.total / 1e6:.1f} MB"
                print(f"{self.desc.strip(': ')}: {done}", file=stream, flush=True)

    return Bar
