"""Models and data from the hub, files from URLs, or both from a mirror folder: fetched once, pinned, and checked.

What comes from the hub goes through its client's own cache (HF_HOME), which goes on with what was cut off and serves
every study; a mirror is a folder in that cache's layout, filled elsewhere, in the place of the network.
"""

import fnmatch
import hashlib
import os
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterable
from http.client import HTTPException
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tqdm import tqdm

from vernacular.storage.files import atomic_folder, url_name
from vernacular.storage.messages import VARIABLE, hide_in_log

COMMIT = re.compile("[0-9a-f]{40}")
CHUNK = 1 << 20  # bytes
CUT = re.compile(r"\(…\)\S*")
# Of a model's repository: what Transformers loads. Weights that are pickles come only where there are no safetensors.
MODEL_FILES = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
PICKLES = ("pytorch_model*.bin",)


class File(NamedTuple):
    path: Path  # where it lies now
    expected: str | None  # the checksum it must have: SHA-256, or 40 digits of git's SHA-1; None where nobody gives one
    ours: bool = False  # whether we fetched it ourselves, so that a broken one may be deleted


def fetch(
    item: dict[str, Any], mirror: str | None, earlier: dict[str, Any], out: Path, parts: Path, bars: type[tqdm]
) -> dict[str, Any]:
    """Make the folder `out` of an item's files and return its record for the manifest.

    item: `kind` (model or dataset), `repo`, `revision` and `files` (patterns; None: what a model loads), or `urls`,
    each with `url` and `sha256` (or None); a URL's `${NAME}` is a variable of the environment, whose value is written
    nowhere. mirror: a folder in the place of the network. earlier: the record of an
    earlier download: it pins a branch or tag to the commit, and a URL without a checksum to the file, that came first.
    parts: a folder for unfinished files of URLs. Raises ValueError (one line: what happened, where, what to do).
    """
    if "repo" in item:
        commit, files = mirrored_repo(item, mirror) if mirror else hub_repo(item, bars)
        check_moved(item, commit, earlier)
        record = {key: item[key] for key in ("kind", "repo", "revision")} | {"commit": commit}
    else:
        files = mirrored_urls(item, mirror) if mirror else fetched_urls(item, parts, bars)
        record = {"urls": {url_name(entry["url"]): entry["url"] for entry in item["urls"]}}
    known = {name: entry["sha256"] for name, entry in earlier.get("files", {}).items() if "repo" not in item}
    with atomic_folder(out) as folder:
        record["files"] = {name: take(name, file, folder, known.get(name)) for name, file in sorted(files.items())}
    shutil.rmtree(parts, ignore_errors=True)
    return record


# --- the hub


def hub_repo(item: dict[str, Any], bars: type[tqdm]) -> tuple[str, dict[str, File]]:
    """(commit, files) of a repository, through the client's cache. What the client raises becomes one line."""
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    hide_in_log("huggingface_hub")
    repo, kind, revision = item["repo"], item["kind"], item["revision"]
    page = f"https://huggingface.co/{'datasets/' * (kind == 'dataset')}{repo}"
    doing = repo
    try:
        info: Any = HfApi().repo_info(repo, revision=revision, repo_type=kind, files_metadata=True)
        commit = str(info.sha)
        there = {entry.rfilename: entry for entry in info.siblings or []}
        files = {}
        for name in chosen(item, there):
            doing, entry = f"{repo}: {name}", there[name]
            bar = type("Bar", (bars,), {"title": name})  # the client would show the end of a signed address
            path = hf_hub_download(repo, name, repo_type=kind, revision=commit, tqdm_class=bar)
            files[name] = File(Path(path).resolve(), entry.lfs.sha256 if entry.lfs else entry.blob_id)
    except GatedRepoError:
        raise ValueError(
            f"{doing} is gated: accept its terms at {page}, set HF_TOKEN to a token of yours, and run this again"
        ) from None
    except RevisionNotFoundError:
        raise ValueError(
            f"{doing}: the hub no longer has the revision {revision} (moved or deleted); choose one of "
            f"{page}/commits/main and set `revision`"
        ) from None
    except RepositoryNotFoundError:
        raise ValueError(
            f"{doing}: the hub has no such {kind}, or a private one: mend the name, or set HF_TOKEN to a token of "
            "yours that sees it"
        ) from None
    except HfHubHTTPError as error:
        raise ValueError(f"{doing}: the hub answers {one_line(error)}; try again later, it goes on from here") from None
    except Exception as error:  # the client's own network errors share no class with Python's
        if isinstance(error, ValueError):
            raise
        raise ValueError(no_network(doing, error)) from None
    return commit, files


def chosen(item: dict[str, Any], there: Iterable[str]) -> list[str]:
    """The files of a repository that are wanted. Raises ValueError where a pattern fits none."""
    names = sorted(name for name in there if not any(part[:1] in ("", ".") for part in name.split("/")))
    if item["files"] is None:
        names = [name for name in names if "/" not in name]
        patterns = MODEL_FILES if fnmatch.filter(names, "*.safetensors") else MODEL_FILES + PICKLES
        if not any(name.endswith((".safetensors", ".bin")) and fits(name, patterns) for name in names):
            raise ValueError(f"{item['repo']}: no weights (*.safetensors or pytorch_model*.bin) in this repository")
        return [name for name in names if fits(name, patterns)]
    for pattern in item["files"]:
        if not fnmatch.filter(names, pattern):
            raise ValueError(
                f"{item['repo']}: no file fits '{pattern}' at this revision; it has, for instance: "
                f"{', '.join(names[:5]) or 'none'}; mend `files`"
            )
    return [name for name in names if fits(name, item["files"])]


def fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def check_moved(item: dict[str, Any], commit: str, earlier: dict[str, Any]) -> None:
    """A branch or tag stays at the commit that it had when it was first fetched."""
    same = all(earlier.get(key) == item[key] for key in ("kind", "repo", "revision"))
    if same and earlier["commit"] != commit:
        raise ValueError(
            f"{item['repo']}: the revision '{item['revision']}' has moved: it was {earlier['commit']} when it was "
            f"first fetched and is {commit} now; set `revision` to one of the two (the first keeps your results)"
        )


# --- URLs


def fetched_urls(item: dict[str, Any], parts: Path, bars: type[tqdm]) -> dict[str, File]:
    parts.mkdir(parents=True, exist_ok=True)
    files = {}
    for entry in item["urls"]:
        name = url_name(entry["url"])
        files[name] = File(fetched_url(entry["url"], parts / name, bars), entry["sha256"], ours=True)
    return files


def fetched_url(url: str, path: Path, bars: type[tqdm]) -> Path:
    """The file of a URL at `path`; what an earlier attempt left in `<path>.cut` is gone on from."""
    if path.exists():
        return path
    cut = path.with_name(f"{path.name}.cut")
    there = cut.stat().st_size if cut.exists() else 0
    request = urllib.request.Request(filled(url), headers={"Range": f"bytes={there}-"} if there else {})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            there = there if response.status == 206 else 0  # 200: the server begins anew
            total = there + int(response.headers.get("Content-Length") or 0)
            with bars(desc=path.name, initial=there, total=total) as bar, cut.open("ab" if there else "wb") as handle:
                while chunk := response.read(CHUNK):
                    handle.write(chunk)
                    bar.update(len(chunk))
    except urllib.error.HTTPError as error:
        if error.code == 416:  # all of it is there, or more than all
            cut.unlink()
        what = {401: "it needs a login", 403: "it needs a login", 404: "it is no longer there"}.get(
            error.code, error.reason
        )
        raise ValueError(f"{url}: the server answers {error.code} ({what}); mend the URL, or try again later") from None
    except HTTPException as error:  # whose words may hold the address with its secrets
        raise ValueError(
            f"{url}: cannot be fetched ({type(error).__name__}); mend the URL, or try again later"
        ) from None
    except OSError as error:
        raise ValueError(no_network(url, error)) from None
    if total and cut.stat().st_size < total:
        raise ValueError(
            f"{url}: cut off after {cut.stat().st_size} of {total} bytes; run it again, it goes on from there"
        )
    os.replace(cut, path)
    return path


def filled(url: str) -> str:
    """The address that a URL of the configuration stands for: `${NAME}` is a variable of the environment."""
    for name in VARIABLE.findall(url):
        if not os.environ.get(name):
            raise ValueError(f"{url}: the variable {name} of the environment is not set; export it and run this again")
    return VARIABLE.sub(lambda found: os.environ[found[1]].strip(), url)


# --- a mirror


def mirrored_repo(item: dict[str, Any], mirror: str) -> tuple[str, dict[str, File]]:
    """(commit, files) as they lie in a mirror: in the layout of the hub client's cache.

    Its files are links to blobs that are named by their checksum; a file that is none has no checksum.
    """
    repo, kind, revision = item["repo"], item["kind"], item["revision"]
    root = Path(mirror, f"{kind}s--{repo.replace('/', '--')}")
    how = f"hf download {repo}{' --repo-type dataset' * (kind == 'dataset')} --revision {revision} --cache-dir {mirror}"
    if not root.is_dir():
        raise ValueError(f"{repo}: not in the mirror {mirror}; where there is a network: {how}")
    ref = root / "refs" / revision
    commit = revision if COMMIT.fullmatch(revision) else ref.read_text().strip() if ref.exists() else None
    snapshots = sorted(path.name for path in (root / "snapshots").glob("*"))
    if commit not in snapshots:
        raise ValueError(
            f"{repo}: the mirror {mirror} holds {', '.join(snapshots) or 'no revision'}, not {commit or revision}; "
            f"where there is a network: {how}"
        )
    snapshot = root / "snapshots" / str(commit)
    there = {str(path.relative_to(snapshot)): path for path in snapshot.rglob("*") if not path.is_dir()}
    files = {}
    for name in chosen(item, there):
        path = there[name]
        if not path.exists():
            raise ValueError(
                f"{repo}: {name} is a link to nothing in the mirror {mirror}; where there is a network: {how}"
            )
        if not path.resolve().is_relative_to(root.resolve()):  # someone else's mirror, our rights to read
            raise ValueError(f"{repo}: {name} is a link out of the mirror, to {path.resolve()}; copy the file into it")
        blob = path.resolve().name if path.is_symlink() else ""
        files[name] = File(path.resolve(), blob if re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", blob) else None)
    return str(commit), files


def mirrored_urls(item: dict[str, Any], mirror: str) -> dict[str, File]:
    """The files of URLs as `wget --force-directories` lays them out: <mirror>/<host>/<path>."""
    files = {}
    for entry in item["urls"]:
        parts = urlsplit(entry["url"])
        path = Path(mirror, parts.netloc, parts.path.lstrip("/"))
        if not path.is_file():
            raise ValueError(
                f"{entry['url']}: not in the mirror {mirror}; where there is a network: "
                f"wget --force-directories --directory-prefix {mirror} {entry['url']}"
            )
        files[url_name(entry["url"])] = File(path, entry["sha256"])
    return files


# --- checks


def take(name: str, file: File, folder: Path, earlier: str | None) -> dict[str, Any]:
    """Check a file, then link or copy it into a folder; gives its `bytes` and `sha256`."""
    sha256, git = hashlib.sha256(), hashlib.sha1(f"blob {file.path.stat().st_size}\0".encode())
    with file.path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            sha256.update(chunk)
            git.update(chunk)
    found = git.hexdigest() if file.expected and len(file.expected) == 40 else sha256.hexdigest()
    if file.expected and found != file.expected:
        if file.ours:
            file.path.unlink()
        again = "run this again to fetch it anew" if file.ours else f"delete {file.path} and run this again"
        raise ValueError(
            f"{name}: wrong checksum: {found}, not {file.expected}; cut off, or replaced by its publisher: {again}, "
            "and look at the file before you change what is expected"
        )
    if earlier and sha256.hexdigest() != earlier:
        raise ValueError(
            f"{name}: not the file that was fetched first: its SHA-256 is {sha256.hexdigest()}, not {earlier}; look at "
            "what changed, then set `sha256` to the one that you want"
        )
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file.path.resolve(), target)
    except OSError:
        shutil.copyfile(file.path, target)
    return {"bytes": file.path.stat().st_size, "sha256": sha256.hexdigest()}


def no_network(what: str, error: Exception) -> str:
    return (
        f"{what}: no network ({one_line(error)}); run `snakemake downloads` on a machine that has one (a login node), "
        "or set sources.mirror to a folder that holds the files"
    )


def one_line(error: Exception) -> str:
    """Without the ends of addresses that the hub's client shows after `(…)`: they may hold what a hub signed."""
    return " ".join(f"{type(error).__name__}: {CUT.sub('(…)', str(error))}".split())[:160]


def progress_bars(descriptor: int) -> type[tqdm]:
    """Bars of bytes that go to a file descriptor: moving on a terminal, else a plain line for every tenth."""
    stream = open(descriptor, "w", closefd=False)  # noqa: SIM115 (it lives as long as the bars)

    class Bar(tqdm):
        tenth = 0
        title = ""  # what is fetched, where the maker of the bar does not name it

        def __init__(self, *args: Any, **options: Any) -> None:
            options = {key: value for key, value in options.items() if key not in ("name", "disable")}
            options["desc"] = self.title or options.get("desc")
            super().__init__(*args, **{**options, "file": stream, "unit": "B", "unit_scale": True})

        def display(self, msg: str | None = None, pos: int | None = None) -> None:
            if stream.isatty():
                super().display(msg, pos)
            elif self.total and 10 * self.n // self.total > self.tenth:
                self.tenth = 10 * self.n // self.total
                print(
                    f"{self.desc.strip(': ')}: {self.n / 1e6:.1f} of {self.total / 1e6:.1f} MB", file=stream, flush=True
                )

    return Bar
