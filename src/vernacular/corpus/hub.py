"""Repositories of the hub or of a mirror: which of their files are wanted, where they are, and their checksums."""

import fnmatch
import re
from collections.abc import Iterable
from errno import EACCES, EPERM
from functools import cache
from http.client import responses
from pathlib import Path
from typing import Any, NamedTuple

from tqdm import tqdm

from vernacular.storage.files import DISK
from vernacular.storage.messages import hide_in_log, keep_secret, without_secrets

CUT = re.compile(r"\(…\)\S*")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# Of answers; the client names files of its cache by them.
SOUND = re.compile(r"(W/)?\"?[\w.+=:~-]{1,128}\"?", re.ASCII)
NAMING = {"ETag": SOUND, "X-Linked-ETag": SOUND, "X-Repo-Commit": COMMIT}
# Of a model's repository: what Transformers loads. Pickled weights are taken only if there are no safetensors.
MODEL_FILES = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
REFUSED = {  # status of the hub's answer -> what to do
    401: "HF_TOKEN is not valid: set it to a token that may read this, or unset it",
    403: "set HF_TOKEN to a token that may read this",
    429: "it limits how much one asks: wait a few minutes, or set HF_TOKEN, for which it allows more",
}
PICKLES = ("pytorch_model*.bin",)


class File(NamedTuple):
    path: Path  # where it is now
    expected: str | None  # the checksum it must have: SHA-256, or 40 digits of git's SHA-1; None if unknown
    ours: bool = False  # fetched by us, so a broken one may be deleted


def hub_repo(item: dict[str, Any], bars: type[tqdm]) -> tuple[str, dict[str, File]]:
    """(commit, files) of a repository, through the client's cache. Its errors become a ValueError of one line."""
    from huggingface_hub import HfApi, get_token, hf_hub_download

    hide_in_log("huggingface_hub")
    keep_secret(get_token() or "")  # a server may send it back
    use_careful_client()
    repo, kind, revision = item["repo"], item["kind"], item["revision"]
    doing = repo
    try:
        info: Any = HfApi().repo_info(repo, revision=revision, repo_type=kind, files_metadata=True)
        commit = str(info.sha)
        if not COMMIT.fullmatch(commit):
            raise ValueError(f"{repo}: the hub names no commit of the revision {revision}; try again later")
        there = {entry.rfilename: entry for entry in info.siblings or []}
        files = {}
        for name in chosen(item, there):
            doing, entry = f"{repo}: {name}", there[name]
            bar = type("Bar", (bars,), {"title": name})  # the client would show the end of a signed address
            path = hf_hub_download(repo, name, repo_type=kind, revision=commit, tqdm_class=bar)
            files[name] = File(Path(path).resolve(), entry.lfs.sha256 if entry.lfs else entry.blob_id)
    except Exception as error:  # the client's own network errors share no class with Python's
        raise explained(error, item, doing) from None
    return commit, files


def explained(error: Exception, item: dict[str, Any], doing: str) -> Exception:
    """An error of the hub's client as one line that says what to do. doing: what was asked for when it came up."""
    from huggingface_hub import constants
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

    page = f"https://huggingface.co/{'datasets/' * (item['kind'] == 'dataset')}{item['repo']}"
    if isinstance(error, GatedRepoError):
        return ValueError(f"{doing} is gated: accept its terms at {page}, set HF_TOKEN, and run this again")
    if isinstance(error, RevisionNotFoundError):
        advice = f"(moved or deleted); choose one of {page}/commits/main and set `revision`"
        return ValueError(f"{doing}: the hub no longer has the revision {item['revision']} {advice}")
    if isinstance(error, RepositoryNotFoundError):
        advice = "fix the name, or set HF_TOKEN to a token that may read it"
        return ValueError(f"{doing}: the hub has no such {item['kind']}, or it is private: {advice}")
    # What the hub answers about a file is the cause of the client's error that the file is not in its cache.
    refusal = error if isinstance(error, HfHubHTTPError) else error.__cause__
    if isinstance(refusal, HfHubHTTPError):
        status = refusal.response.status_code
        reason = responses.get(status, "no known status")  # not in the server's words: they could hold the token
        advice = REFUSED.get(status, "try again later, it continues from here")
        return ValueError(f"{doing}: the hub answers {status} ({reason}); {advice}")
    if isinstance(error, ValueError):
        return error
    if isinstance(error, OSError) and error.errno in (EACCES, EPERM):
        place = error.filename or constants.HF_HUB_CACHE
        advice = "the hub's cache is another user's: set HF_HOME to a folder of your own"
        return ValueError(f"{place}: {error.strerror}; {advice}, or have its group given the right to write")
    if isinstance(error, OSError) and error.errno in DISK:
        return OSError(error.errno, error.strerror, error.filename or str(constants.HF_HUB_CACHE))
    if type(error) is OSError:  # the client's own, where a file has not the size that was said
        return ValueError(f"{doing}: not whole ({brief(error)}); run this again")
    return ValueError(no_network(doing, error))


@cache
def use_careful_client() -> None:
    """Let the hub's client take no answer whose headers would name a file outside its cache, or hold the token."""
    from huggingface_hub import set_client_factory
    from huggingface_hub.utils._http import default_client_factory

    def check(response: Any) -> None:
        for name, sound in NAMING.items():
            value = response.headers.get(name)
            if value is not None and (not sound.fullmatch(value) or ".." in value or without_secrets(value) != value):
                raise ValueError(f"{response.url.host}: the server gives an invalid file name ({name})")

    def client() -> Any:
        made = default_client_factory()
        made.event_hooks = {**made.event_hooks, "response": [*made.event_hooks.get("response", []), check]}
        return made

    set_client_factory(client)


def mirrored_repo(item: dict[str, Any], mirror: str) -> tuple[str, dict[str, File]]:
    """(commit, files) of a repository in a mirror, which has the layout of the hub client's cache.

    Its files are links to blobs named by their checksums; a plain file has no checksum.
    """
    repo, kind, revision = item["repo"], item["kind"], item["revision"]
    root = Path(mirror, f"{kind}s--{repo.replace('/', '--')}")
    option = " --repo-type dataset" if kind == "dataset" else ""
    hint = f"where there is a network: hf download {repo}{option} --revision {revision} --cache-dir {mirror}"
    ref = root / "refs" / revision
    commit = revision
    if ref.is_file() and inside(ref, root):
        with ref.open(encoding="utf-8", errors="replace") as handle:
            commit = handle.read(100).strip()
    snapshot = root / "snapshots" / commit
    if Path(commit).name != commit or not snapshot.is_dir():
        there = ", ".join(sorted(path.name for path in snapshot.parent.glob("*"))) or "no revision"
        raise ValueError(f"{repo}: not in the mirror {mirror}, which holds {there}, not {commit}; {hint}")
    paths = {str(path.relative_to(snapshot)): path for path in snapshot.rglob("*") if not path.is_dir()}
    files = {}
    for name in chosen(item, paths):
        path = paths[name]
        if not path.exists():
            raise ValueError(f"{repo}: {name} is a broken link in the mirror {mirror}; {hint}")
        if not inside(path, root):  # someone else's mirror, our rights to read
            raise ValueError(f"{repo}: {name} is a link out of the mirror, to {path.resolve()}; copy the file into it")
        blob = path.resolve().name if path.is_symlink() else ""
        files[name] = File(path.resolve(), blob if re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", blob) else None)
    return commit, files


def inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root.resolve())


def chosen(item: dict[str, Any], there: Iterable[str]) -> list[str]:
    """The files of a repository that are wanted. Raises ValueError if a pattern fits none."""
    names = sorted(name for name in there if not any(part[:1] in ("", ".") for part in name.split("/")))
    if item["files"] is None:
        names = [name for name in names if "/" not in name]
        patterns = MODEL_FILES if fnmatch.filter(names, "*.safetensors") else MODEL_FILES + PICKLES
        if not any(name.endswith((".safetensors", ".bin")) and fits(name, patterns) for name in names):
            raise ValueError(f"{item['repo']}: no weights (*.safetensors or pytorch_model*.bin) in this repository")
        return [name for name in names if fits(name, patterns)]
    for pattern in item["files"]:
        if not fnmatch.filter(names, pattern):
            some = ", ".join(names[:5]) or "none"
            raise ValueError(f"{item['repo']}: no file fits '{pattern}' at this revision (has {some}); fix `files`")
    return [name for name in names if fits(name, item["files"])]


def fits(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def no_network(what: str, error: Exception) -> str:
    return (
        f"{what}: no network ({brief(error)}); run `snakemake downloads --configfile FILE`, where FILE is the study's "
        "configuration, on a machine that has one (a login node), or set sources.mirror to a folder with the files"
    )


def brief(error: Exception) -> str:
    """An error in at most 160 characters: its kind alone where its text may be a server's.

    Without the ends of addresses that the hub's client shows after `(…)`: they may hold a signature.
    """
    if not isinstance(error, OSError):
        return type(error).__name__
    return " ".join(without_secrets(f"{type(error).__name__}: {CUT.sub('(…)', str(error))}").split())[:160]
