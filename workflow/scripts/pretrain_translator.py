"""Train a tokenizer and a small encoder-decoder from scratch (recipe `translator`)."""

from vernacular.models.job import Job, training_program
from vernacular.storage.records import TRAINING


@training_program(__name__, __file__, __doc__)
def main(job: Job) -> None:
    from vernacular.models.translator import pretrain_translator

    pretrain_translator(job, job.rows(TRAINING))
