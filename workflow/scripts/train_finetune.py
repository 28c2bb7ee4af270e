"""Fine-tune a model on a set of the section `data`: all weights or LoRA (recipe `finetune`)."""

import sys

from vernacular.models.job import Job, training_script
from vernacular.storage.records import TRAINING


def train(job: Job) -> None:
    from vernacular.models.finetune import finetune

    finetune(job, job.rows(TRAINING))


main = training_script(__file__, __doc__, train)

if __name__ == "__main__":
    sys.exit(main())
