"""What fuzzing downloads checks: a server that lies (helpers/liar.py) gets no wrong file in, and no secret out."""

import hashlib
import json
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
from liar import LIES, Liar, serve

from vernacular.corpus import urls
from vernacular.corpus.download import fetch
from vernacular.storage.messages import one_line

SECRET = "planted-7b1e4"  # the value of a variable that the URL names


class Silent(tqdm):
    monitor_interval = 0  # no thread for each kind of bar

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options, disable=True)


def attempts(rng: random.Random, liar: Liar, folder: Path) -> bytes | None:
    """The file that was taken in the end, after a few calls; None if none was."""
    known = hashlib.sha256(rng.choice(liar.versions)).hexdigest() if rng.random() < 0.3 else None
    name = rng.choice(["file.tsv", "file.json.gz"])
    item = {"urls": [{"url": f"{liar.url}/plain/{name}?token=${{FUZZ_TOKEN}}", "sha256": known}]}
    for _ in range(rng.randint(1, 4)):
        liar.lies = rng.choices(list(LIES), k=rng.randint(0, 2))
        if rng.random() < 0.3:  # what makes the next call one that goes on
            liar.lies.insert(0, rng.choice(["cut", "cut then changed"]))
        if rng.random() < 0.1:  # an edited configuration
            item["urls"][0]["url"] = item["urls"][0]["url"].replace("plain", "other")
            liar.versions.append(rng.randbytes(rng.randint(1, 5000)))
        try:
            record = fetch(item, None, {}, folder / "out", folder / "parts", Silent)
        except (ValueError, OSError) as error:
            line = one_line(error)
            named = "?token=${FUZZ_TOKEN}: " in line or line.startswith(f"{name}: wrong checksum")
            assert named and SECRET not in line and len(line) < 600, line
            assert not (folder / "out").exists()
            continue
        finally:
            for path in folder.rglob("*"):
                assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path
        data = (folder / "out" / name).read_bytes()
        assert record["files"][name] == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        assert not known or hashlib.sha256(data).hexdigest() == known
        assert SECRET not in json.dumps(record) and not (folder / "parts").exists()
        return data
    return None


def downloads(rng: random.Random, text: str) -> None:
    """A file that is fetched in a few calls from a server that lies; the wild text is its first version."""
    os.environ["FUZZ_TOKEN"] = SECRET
    urls.UNKNOWN = 1 << 20
    first = text.encode("utf-8", "replace")[:100_000] or b"x"
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        with serve(Liar(rng, first)) as liar:
            data = attempts(rng, liar, folder)
            assert data is None or data in liar.versions, (liar.told, len(data or b""))
    finally:
        shutil.rmtree(folder)


ECHOES = ["", "reason", "X-Error-Message", "X-Error-Code", "WWW-Authenticate", "ETag", "X-Repo-Commit", "X-HF-Warning"]
NAMES = ["../../escaped", "/dev/shm/escaped", "a/b", "..", "x" * 300, f'"{SECRET}"', "a\\b", "é", ""]
OUTSIDE = ["../../escaped.json", "a\nb.json", "x/../../y.json", "/dev/shm/escaped.json", "..json/../../escaped.json"]


def hub_downloads(rng: random.Random, text: str) -> None:
    """A repository that is fetched in a few calls from a hub that lies; the wild text is one of its files."""
    from hub import COMMIT, LATER, Hub
    from hub import serve as serve_hub
    from huggingface_hub import constants

    os.environ["HF_TOKEN"] = SECRET
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    hub = Hub({"config.json": text.encode("utf-8", "replace")[:100_000], "model.safetensors": rng.randbytes(500)})
    item = {"kind": "model", "repo": "owner/name", "revision": rng.choice([COMMIT, "main"]), "files": None}
    try:
        with serve_hub(hub):
            constants.ENDPOINT, constants.HF_HUB_CACHE = hub.url, str(folder / "cache")
            constants.HUGGINGFACE_CO_URL_TEMPLATE = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
            constants.HF_HUB_OFFLINE, constants.HF_HUB_DISABLE_XET = False, True
            for _ in range(rng.randint(1, 3)):
                hub.echo = rng.choice(ECHOES) if rng.random() < 0.4 else ""
                hub.refusals = rng.choices([0, 0, 401, 403, 404, 410, 416, 451], k=rng.randint(0, 4))
                hub.wrong = rng.choice(["", "", *hub.files])
                hub.gated = rng.random() < 0.05
                names = ["ETag", "X-Linked-ETag", "X-Repo-Commit", "Location", "Content-Range"]
                hub.headers = {rng.choice(names): rng.choice(NAMES)} if rng.random() < 0.3 else {}
                hub.main = rng.choice([COMMIT, COMMIT, LATER, "../../escaped", SECRET])
                if rng.random() < 0.2:
                    hub.files[rng.choice(OUTSIDE)] = b"{}"
                try:
                    fetch(item, None, {}, folder / "out", folder / "parts", Silent)
                except (ValueError, OSError) as error:
                    line = one_line(error)
                    assert SECRET not in line and len(line) < 600, line
                    assert not (folder / "out").exists()
                    continue
                finally:
                    left = [path.relative_to(folder) for path in folder.rglob("*")]
                    assert not [path for path in left if path.parts[0] not in ("cache", "out", "parts")], left
                    assert not [path for path in left if SECRET in str(path) or "escaped" in path.name], left
                for path in (folder / "out").iterdir():
                    assert path.read_bytes() == hub.files[path.name], path
                return
    finally:
        shutil.rmtree(folder)
    assert not list(Path("/dev/shm").glob("escaped*"))
