"""Fine-tuning on a set of the section `data`: all weights, or LoRA adapters that are merged afterwards."""

from typing import Any

from vernacular.models.job import Job
from vernacular.models.parents import load_parent, train_and_save
from vernacular.models.supervised import packed_trainer


def finetune(job: Job, rows: list[dict[str, Any]]) -> None:
    """Train the parent on rows of records.TRAINING.

    Weights are float32, also on a GPU: in bfloat16, an update of a hundred-thousandth of a weight is lost.
    """
    parent = load_parent(job, "float32")
    train_and_save(parent, packed_trainer(parent.model, parent.tokenizer, parent.decoder, rows, job), job)
