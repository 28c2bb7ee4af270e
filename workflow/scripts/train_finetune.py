"""Fine-tune a model on a set of the section `data`: all weights or LoRA (recipe `finetune`)."""

from vernacular.models.job import Job, training_program
from vernacular.storage.records import TRAINING


@training_program(__name__, __file__, __doc__)
def main(job: Job) -> None:
    from vernacular.models.finetune import finetune

    finetune(job, job.rows(TRAINING))
