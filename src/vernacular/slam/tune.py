"""SLAM's one stage (arXiv 2501.03681 and its code): only the feed-forward matrices of chosen layers train."""

from typing import Any

from vernacular.models.job import Job
from vernacular.models.parents import load_parent, train_and_save
from vernacular.models.supervised import packed_trainer
from vernacular.slam.mlp import decoder_mlps
from vernacular.storage.files import read_mapping


def tune(job: Job, rows: list[dict[str, Any]]) -> None:
    """Train the chosen layers of the parent on rows of records.TRAINING; job.inputs["layers"] is a layers.json."""
    parent = load_parent(job, "float32")
    layers = read_mapping(job.inputs["layers"]).get("layers")
    if not isinstance(layers, list) or not all(type(layer) is int for layer in layers):
        raise ValueError(f"{job.inputs['layers']}: not a choice of layers; delete it and rerun")
    freeze_except(parent.model, layers, job.recipe["gate_proj"])
    train_and_save(parent, packed_trainer(parent.model, parent.tokenizer, parent.decoder, rows, job), job)


def freeze_except(model: Any, layers: list[int], gate: bool) -> None:
    """Freeze all but the up and down matrices of some layers (counted from 0), as SLAM's code does; gate: that too.

    Frozen weights get no gradient and no optimizer state, and backpropagation stops at the lowest tuned layer.
    Raises ValueError for a layer that the model does not have, and for an empty list.
    """
    mlps = decoder_mlps(model)
    if not layers:
        raise ValueError("no layers to tune; choose at least one")
    if outside := [layer for layer in layers if not 0 <= layer < len(mlps)]:
        raise ValueError(f"layer {outside[0]} does not exist; the model has the layers 0 to {len(mlps) - 1}")
    model.requires_grad_(False)
    for layer in layers:
        mlp = mlps[layer]
        for matrix in (mlp.up, mlp.down, *([mlp.gate] if gate and mlp.gate is not None else [])):
            matrix.weight.requires_grad_(True)
