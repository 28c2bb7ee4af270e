"""Fine-tuning on a set of the section `data`: all weights, or LoRA adapters that are merged afterwards."""

from typing import Any

from vernacular.models.packed import packed_trainer
from vernacular.models.training import Job, train
from vernacular.models.tuned import load_tuned, save_tuned


def finetune(job: Job, rows: list[dict[str, Any]]) -> None:
    """Train the parent on rows of records.TRAINING.

    Weights stand in float32, also on a GPU: an update of a hundred-thousandth of a weight is lost in bfloat16.
    """
    model, decoder, tokenizer = load_tuned(job, "float32")
    trainer = packed_trainer(model, tokenizer, decoder, rows, job)
    save_tuned(model, tokenizer, trainer, job, train(trainer, job, []), "float32")
