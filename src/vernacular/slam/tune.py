"""SLAM's one stage (arXiv 2501.03681 and its code): only the feed-forward matrices of chosen layers train."""

from typing import Any

from vernacular.models.packed import packed_trainer
from vernacular.models.training import Job, train
from vernacular.models.tuned import load_tuned, save_tuned
from vernacular.slam.mlp import decoder_mlps
from vernacular.storage.files import read_json


def tune(job: Job, rows: list[dict[str, Any]]) -> None:
    """Train the chosen layers of the parent on rows of records.TRAINING; job.inputs["layers"] is a layers.json."""
    model, decoder, tokenizer = load_tuned(job, "float32")
    try:
        layers = read_json(job.inputs["layers"])["layers"]
    except (TypeError, KeyError):
        raise ValueError(f"{job.inputs['layers']}: no choice of layers; delete it and rerun") from None
    freeze_but(model, layers, job.recipe["gate_proj"])
    trainer = packed_trainer(model, tokenizer, decoder, rows, job)
    save_tuned(model, tokenizer, trainer, job, train(trainer, job, []), "float32")


def freeze_but(model: Any, layers: list[int], gate: bool) -> None:
    """Leave trainable the up and down matrices of some layers (counted from 0), as SLAM's code does; gate: its too.

    What is frozen gets no gradient and no optimizer state, and backpropagation stops above the layers below the lowest
    tuned one, since nothing there asks for it. Raises ValueError for a layer that the model lacks, and for none at all.
    """
    mlps = decoder_mlps(model)
    if not layers:
        raise ValueError("no layers to tune; choose at least one")
    if outside := [layer for layer in layers if not 0 <= layer < len(mlps)]:
        raise ValueError(f"layer {outside[0]} is none of the model's, which has the layers 0 to {len(mlps) - 1}")
    model.requires_grad_(False)
    for layer in layers:
        mlp = mlps[layer]
        for matrix in (mlp.up, mlp.down, *([mlp.gate] if gate and mlp.gate is not None else [])):
            matrix.weight.requires_grad_(True)
