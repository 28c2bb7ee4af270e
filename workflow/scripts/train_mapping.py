"""Map an encoder onto an LLM, the first stage of a merge (recipe `merge-mapping`)."""

import sys

from vernacular.models.job import Job, training_script
from vernacular.storage.records import TRAINING


def train(job: Job) -> None:
    from vernacular.merge.train import train_mapping

    train_mapping(job, job.rows(TRAINING))


main = training_script(__file__, __doc__, train)

if __name__ == "__main__":
    sys.exit(main())
