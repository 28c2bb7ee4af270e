"""Fine-tuning on a set of the section `data`: all weights, or LoRA adapters that are merged afterwards."""

from typing import Any

from vernacular.models.load import load_model
from vernacular.models.lora import adapted, merged
from vernacular.models.packed import packed_trainer
from vernacular.models.training import Job, save_model, train


def finetune(job: Job, rows: list[dict[str, Any]]) -> None:
    """Train the parent on rows of records.TRAINING.

    Weights stand in float32, also on a GPU: an update of a hundred-thousandth of a weight is lost in bfloat16.
    """
    model, tokenizer = load_model(job.inputs["parent"], dtype="float32")
    decoder = model.base_model
    tuned = adapted(model, job.recipe)
    trainer = packed_trainer(tuned, tokenizer, decoder, rows, job)
    measured = train(trainer, job, [])
    save_model(merged(tuned, job.recipe), tokenizer, trainer, job, measured)
