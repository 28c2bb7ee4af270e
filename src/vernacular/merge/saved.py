"""What is read of a saved merge: its options, and the tensors of its connector. All of it is checked first."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from vernacular.models.contents import check_files, read_header
from vernacular.models.folders import loading
from vernacular.models.provenance import check_folder, digest
from vernacular.models.sound import check_weights
from vernacular.storage.files import read_json

CONFIG, CONNECTOR = "merge.json", "connector.safetensors"


def read_merge(folder: Path) -> dict[str, Any]:
    """The options of a saved merge, with its parents where they are now.

    Raises ValueError where a parent is not there or the connector was trained for another.
    """
    check_files(folder)
    check_folder(folder)
    options = read_options(folder)
    for name in ("encoder", "llm"):
        path, expected = Path(os.path.normpath(folder / options[name])), options.pop(f"{name}_digest")
        options[name] = str(path)
        if not path.is_dir():
            raise ValueError(f"{folder / CONFIG}: the {name} {path} does not exist; make it again or fix the path")
        if digest(path) != expected:
            raise ValueError(f"{folder}: the connector was trained for another {name} than {path}; train it again")
    check_width(options, folder)
    return options


def read_options(folder: Path) -> dict[str, Any]:
    """The options of a saved merge. Raises ValueError for a file that does not hold them."""
    options = read_json(folder / CONFIG)
    kinds = dict.fromkeys(("gate", "encoder", "llm", "encoder_digest", "llm_digest"), str)
    for name, kind in {**kinds, "languages": list, "language_embedding": int}.items():
        if not isinstance(options, dict) or not isinstance(options.get(name), kind):
            raise ValueError(f"{folder / CONFIG}: '{name}' is missing or not {kind.__name__}; train it again")
    if not all(isinstance(language, str) for language in options["languages"]):
        raise ValueError(f"{folder / CONFIG}: 'languages' are not names; train it again")
    weight = options.get("encoder_weight", 1)
    if type(weight) not in (int, float) or not 0 < weight < math.inf:
        raise ValueError(f"{folder / CONFIG}: 'encoder_weight' is not a number above 0; train it again")
    return options


def check_width(options: dict[str, Any], folder: Path) -> None:
    """Raises ValueError for options wider than the saved connector is, before they take memory."""
    longest = max(size for tensor in read_header(folder / CONNECTOR).values() for size in (*tensor.shape, 1))
    for name in ("mapping_width", "language_embedding"):
        width = options.get(name, 0)
        if type(width) is not int or not 0 <= width <= longest:
            raise ValueError(f"{folder / CONFIG}: '{name}' is {width!r}, which the connector is not; train it again")


def read_connector(
    folder: Path, own: Mapping[str, torch.Tensor], gate: str, whole: bool = False
) -> dict[str, torch.Tensor]:
    """The tensors of a saved connector that `own` has too, a connector with the gate `gate`.

    whole: it must be this very connector, with all of its tensors and no others. Raises ValueError where it is not,
    where a shape disagrees (it was saved for an encoder or LLM of another width), where the mapping is of another
    form (LangBridge's single layer starts from no other's), and where a number is not finite.
    """
    with loading(folder):
        saved = load_file(folder / CONNECTOR)
        check_weights(folder, saved.items())
    if integers := sorted(name for name, tensor in saved.items() if not tensor.is_floating_point()):
        raise ValueError(f"{folder}: '{integers[0]}' of the connector holds whole numbers; train it again")
    if whole and (odd := sorted(saved.keys() ^ own.keys())):
        raise ValueError(f"{folder}: '{odd[0]}' is missing in its connector or in its options; train it again")
    if {name for name in saved if name.startswith("mapping")} != {name for name in own if name.startswith("mapping")}:
        raise ValueError(
            f"{folder}: the mapping of the connector is of another form than that of the gate "
            f"'{gate}'; start from the LLM and an encoder"
        )
    shared = {name: tensor for name, tensor in saved.items() if name in own}
    for name, tensor in shared.items():
        if tensor.shape != own[name].shape:
            shapes = f"{tuple(tensor.shape)}, but these parents need {tuple(own[name].shape)}"
            raise ValueError(f"{folder}: '{name}' of the connector is {shapes}; train it again")
    return shared
