"""Merges of weights: models of one architecture become one model of it, without training.

The arithmetic on task vectors, which are differences to the model that all of them descend from, is PEFT's
(peft.utils.merge_utils). How it is laid out here, and what is left alone, is our choice.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from peft.utils.merge_utils import dare_linear, task_arithmetic, ties

from vernacular.merge.options import WeightsOptions
from vernacular.models.folders import load_model, read_config
from vernacular.models.provenance import checksums, digest, versions
from vernacular.storage.files import atomic_folder, write_json

LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks)\.(\d+)\.")  # in the name of a tensor: the layer it belongs to


def merge_weights(parent: Path, others: Sequence[Path], options: WeightsOptions, seed: int, out: Path) -> None:
    """Write the merge of a parent and other models as a model folder, in the precision of the parent's files.

    parent: what the others descend from (`layer-swap`: the model that keeps its own layers, tokenizer and embeddings).
    seed: of what `dare` drops. Raises ValueError where the models are not of one shape, or lack a layer.
    """
    stored = read_config(parent).dtype or torch.float32
    model, tokenizer = load_model(parent, "float32", "cpu")
    found = [load_model(other, "float32", "cpu")[0].state_dict() for other in others]
    state = model.state_dict()  # the model's own memory
    for other, tensors in zip(others, found, strict=True):
        check_alike(parent, state, other, tensors)
    if options.method == "layer-swap":
        swap(state, found[0], options.layers or [], parent)
    else:
        torch.manual_seed(seed)
        weights = torch.tensor(options.weights)
        for name in sorted(tied_once(state)):
            vectors = [tensors[name] - state[name] for tensors in found]
            state[name] += merged(vectors, weights, options)
    with atomic_folder(out) as folder:
        model.to(stored).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        parents = {path.name: digest(path) for path in (parent, *others)}
        made = {"model": out.name, "recipe": asdict(options), "inputs": parents, "seed": seed}
        write_json(folder / "manifest.json", {**made, "packages": versions(), "files": checksums(folder)})


def merged(vectors: list[torch.Tensor], weights: torch.Tensor, options: WeightsOptions) -> torch.Tensor:
    """What is added to the parent's tensor. vectors: task vectors of one shape, one for each of the weights.

    `linear`: their weighted sum (task arithmetic, arXiv 2212.04089; with weights that sum to 1 the weighted mean of the
    models, arXiv 2203.05482). `ties`: the largest share `density` of each, averaged over those with the majority's sign
    (arXiv 2306.01708). `dare`: the sum of a random share `density` of each, divided by `density` (arXiv 2311.03099).
    """
    if options.method == "linear":
        return task_arithmetic(vectors, weights)
    return (ties if options.method == "ties" else dare_linear)(vectors, weights, options.density or 1.0)


def swap(state: dict[str, Any], other: dict[str, Any], layers: list[int], parent: Path) -> None:
    """Put the other model's tensors of these layers into the state (Layer Swapping, arXiv 2410.01335)."""
    places = {name: int(match[1]) for name in state if (match := LAYER.search(name))}
    if absent := sorted(set(layers) - set(places.values())):
        raise ValueError(f"{parent}: has {len({*places.values()})} layers, so no layer {absent[0]}; name others")
    for name, layer in places.items():
        if layer in layers:
            state[name].copy_(other[name])


def check_alike(parent: Path, state: dict[str, Any], other: Path, tensors: dict[str, Any]) -> None:
    for name in sorted(state.keys() | tensors.keys()):
        one, two = (tuple(some[name].shape) if name in some else None for some in (state, tensors))
        if one != two:
            raise ValueError(
                f"{other}: '{name}' has the shape {two}, in {parent} {one}; only models of one architecture and "
                "vocabulary have weights to merge"
            )


def tied_once(state: dict[str, torch.Tensor]) -> list[str]:
    """The names of floating-point tensors, of those that share their memory the first."""
    seen: dict[int, str] = {}
    for name, tensor in state.items():
        if tensor.is_floating_point():
            seen.setdefault(tensor.data_ptr(), name)
    return list(seen.values())
