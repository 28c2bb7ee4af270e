"""What a model folder holds, looked at before anything is loaded: names, JSON, and the headers of safetensors.

Nothing of the folder is executed, and nothing outside it is read: no pickle that hides behind another name, no adapter
that names another base, no index that leads out of the folder, no FIFO that never ends.
"""

import json
import math
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from vernacular.models.provenance import check_folder, visible_files

WEIGHTS, PICKLED = "model.safetensors", "pytorch_model.bin"
LARGEST_JSON = 100 * 2**20  # bytes, ten times those of the largest tokenizers (our choice)
LARGEST_HEADER = 100 * 2**20  # bytes; safetensors allows no more itself
DEEPEST = 2_000  # layers of a model whose weights are pickled, so that nobody counted its tensors (our choice)
# Besides config.json. What else lies in a folder of a hub, nobody reads.
MAPPINGS = ("generation_config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
FLOATS = ("F64", "F32", "F16", "BF16")
# What makes Transformers load something other than the folder's own weights.
ELSEWHERE = ("adapter_config.json", ".metadata")
DISTRIBUTED = re.compile(r"shard-\d{5}-model-.*|.*\.distcp")
COUNTS = re.compile(r"layer|block|depth|stage|expert|^num_|^n_")  # keys of a config that count parts of a model
LAYERS = re.compile(r"layer|block|depth|stage")
NO_COUNTS = re.compile(r"^max_|^first_|_ids?$|position|vocab|token|dim|size|_step|dropout|interval|ctx")
# What any config may count, however small the model: limits that are never built, and defaults (our choice).
FEW_LAYERS, FEW = 100, 4_096


class Stored(NamedTuple):
    """A tensor as a file holds it."""

    dtype: str  # as safetensors names it
    shape: tuple[int, ...]


class Contents(NamedTuple):
    """What is known of a model folder before it is loaded."""

    config: dict[str, Any]
    tensors: dict[str, Stored]  # by name; empty where weights are pickled
    elements: int  # of all tensors; at the most, where weights are pickled
    files: list[Path]  # of the weights


def check_contents(folder: str | Path) -> Contents:
    """Look at a model folder. Raises ValueError (one line) for what no model folder holds; see the module."""
    folder = Path(folder)
    check_files(folder)
    check_folder(folder)
    for path in visible_files(folder):
        if path.name in MAPPINGS:
            read_object(path)
    config = read_object(folder / "config.json")
    # A local folder, so no repository's code; but these name kernels and weights that are not the model's own.
    for key in ("transformers_weights", "attn_implementation", "_attn_implementation", "fusion_config"):
        if isinstance(config.get(key), dict) or "/" in str(config.get(key)) or key == "transformers_weights" in config:
            raise ValueError(f"{folder / 'config.json'}: '{key}' names code or weights from elsewhere; remove it")
    files = weight_files(folder)
    tensors = {name: tensor for path in files for name, tensor in read_header(path).items()}
    if tensors:
        elements = sum(math.prod(tensor.shape) for tensor in tensors.values())
    else:
        elements = sum(path.stat().st_size for path in files)  # of at least a byte each
    check_counts(config, tensors, folder / "config.json")
    return Contents(config, tensors, elements, files)


def check_files(folder: Path) -> None:
    """Raises ValueError for anything but files and folders (a FIFO never ends, a device has no end), and for files that
    make Transformers load from elsewhere."""
    if not folder.is_dir():
        raise ValueError(f"{folder}: no model folder here; make it again or fix the path")
    for path in folder.rglob("*"):
        try:
            mode = path.stat().st_mode  # of what a link leads to
        except OSError:
            raise ValueError(f"{path}: a link that leads nowhere; restore what it led to") from None
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise ValueError(f"{path}: neither a file nor a folder, and a model has nothing else; remove it")
        if stat.S_ISDIR(mode) and path.is_symlink():  # it may lead to all of the disk, which copying would follow
            raise ValueError(f"{path}: a link to a folder, and a model has no folders; remove it")
    for path in folder.iterdir():
        if path.name in ELSEWHERE or DISTRIBUTED.fullmatch(path.name):
            raise ValueError(
                f"{path}: weights would come from elsewhere than {WEIGHTS}; merge the adapter or convert the shards, "
                "and use the folder that this makes"
            )


def read_object(path: Path) -> dict[str, Any]:
    """The mapping in a JSON file of a model. Raises ValueError (one line with the path) if it is not one."""
    if not path.exists():
        raise ValueError(f"{path}: missing; make the model again")
    if path.stat().st_size > LARGEST_JSON:
        raise ValueError(f"{path}: over {LARGEST_JSON >> 20} MiB, which no model needs; make it again")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        what = " ".join(str(error).split())[:100]
        raise ValueError(f"{path}: cannot be read as JSON ({what}); make the model again") from None
    if not isinstance(data, dict):
        raise ValueError(f"{path}: not a mapping; make the model again")
    return data


def weight_files(folder: Path) -> list[Path]:
    """The files that Transformers takes the weights from, in its order of preference. Raises ValueError if there are
    none, and for an index that names what is not a file of this folder."""
    for name in (WEIGHTS, f"{WEIGHTS}.index.json", PICKLED, f"{PICKLED}.index.json"):
        path = folder / name
        if not path.exists():
            continue
        if path.suffix != ".json":
            return [path]
        named = read_object(path).get("weight_map")
        if not isinstance(named, dict) or not named or not all(isinstance(file, str) for file in named.values()):
            raise ValueError(f"{path}: 'weight_map' is not a mapping of tensors to files; make the model again")
        for file in sorted(set(named.values())):
            if Path(file).name != file or file in ("", ".", "..") or not (folder / file).is_file():
                raise ValueError(f"{path}: {file[:100]!r} is not a file of this folder; make the model again")
        return [folder / file for file in sorted(set(named.values()))]
    raise ValueError(f"{folder}: no weights here ({WEIGHTS}, or its index); make the model again")


def read_header(path: Path) -> dict[str, Stored]:
    """The tensors of a safetensors file by its header; none of a pickled file, which only the loader opens.

    Raises ValueError where the header is broken or does not fit the length of the file.
    """
    if path.suffix != ".safetensors":
        return {}
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > min(LARGEST_HEADER, path.stat().st_size - 8):
                raise ValueError("its header is cut off")
            header = json.loads(file.read(length))
        if not isinstance(header, dict):
            raise ValueError("its header is not a mapping")
        header.pop("__metadata__", None)
        end = max((tensor["data_offsets"][1] for tensor in header.values()), default=0)
        if end != path.stat().st_size - 8 - length:
            raise ValueError("it is shorter or longer than its header says")
        found = {name: Stored(str(one["dtype"]), tuple(map(int, one["shape"]))) for name, one in header.items()}
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, AttributeError) as error:
        what = " ".join(str(error).split())[:100]
        raise ValueError(f"{path.parent}: the model cannot be loaded ({path.name}: {what}); make it again") from None
    if not found:
        raise ValueError(f"{path}: holds no tensors; make the model again")
    return found


def check_counts(config: dict[str, Any], tensors: dict[str, Stored], path: Path) -> None:
    """Raises ValueError for a config that counts more layers than there are tensors, or more of other parts than any
    tensor is long: building 10^9 layers would not end."""
    longest = max((size for tensor in tensors.values() for size in tensor.shape), default=10**6)
    for key, value in integers(config):
        if not COUNTS.search(key) or NO_COUNTS.search(key):
            continue
        most = max(FEW_LAYERS, len(tensors) or DEEPEST) if LAYERS.search(key) else max(FEW, longest)
        if value > most:
            raise ValueError(f"{path}: '{key}' is {value:,}, more than the weights can hold; make the model again")


def integers(config: Any) -> Iterator[tuple[str, float]]:
    """Every number in a config by its key, however deep; numbers in a list by the key of the list."""
    waiting = [("", config)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(str(name), one) for name, one in value.items()]
        elif isinstance(value, list):
            waiting += [(key, one) for one in value]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield key, value
