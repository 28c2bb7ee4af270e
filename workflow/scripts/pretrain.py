"""Train a tokenizer and a base model from scratch (recipe `pretrain`)."""

import sys

from vernacular.models.job import Job, training_script
from vernacular.storage.records import TRAINING


def train(job: Job) -> None:
    from vernacular.models.pretrain import pretrain

    pretrain(job, job.rows(TRAINING))


main = training_script(__file__, __doc__, train)

if __name__ == "__main__":
    sys.exit(main())
