"""AdaMame's first stage: SFT on the filtered native traces (recipe `sft`)."""

import sys

from vernacular.models.job import Job, training_script
from vernacular.storage.records import KEPT_TRACE


def train(job: Job) -> None:
    from vernacular.adamame.sft import train_sft

    train_sft(job, job.rows(KEPT_TRACE))


main = training_script(__file__, __doc__, train)

if __name__ == "__main__":
    sys.exit(main())
