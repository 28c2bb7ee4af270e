"""Train a tokenizer and a base model from scratch (recipe `pretrain`)."""

from vernacular.models.job import Job, training_program
from vernacular.storage.records import TRAINING


@training_program(__name__, __file__, __doc__)
def main(job: Job) -> None:
    from vernacular.models.pretrain import pretrain

    pretrain(job, job.rows(TRAINING))
