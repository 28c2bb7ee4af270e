"""Merge an encoder and an LLM through a gate (recipe `merge`): MindMerger, ST-Merge, LangBridge."""

import sys

from vernacular.models.job import Job, training_script
from vernacular.storage.records import TRAINING


def train(job: Job) -> None:
    from vernacular.merge.train import train_merge

    train_merge(job, job.rows(TRAINING))


main = training_script(__file__, __doc__, train)

if __name__ == "__main__":
    sys.exit(main())
