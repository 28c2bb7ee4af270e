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
