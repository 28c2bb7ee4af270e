"""Train a tokenizer and a small encoder-decoder from scratch (recipe `translator`)."""

import sys

from vernacular.models.job import Job, training_script
from vernacular.storage.records import TRAINING


def train(job: Job) -> None:
    from vernacular.models.translator import pretrain_translator

    pretrain_translator(job, job.rows(TRAINING))


main = training_script(__file__, __doc__, train)

if __name__ == "__main__":
    sys.exit(main())
