"""SLAM: tune the feed-forward matrices of the layers that handle language (recipe `slam`)."""

import sys

from vernacular.models.job import Job, training_script
from vernacular.storage.records import TRAINING


def train(job: Job) -> None:
    from vernacular.slam.tune import tune

    tune(job, job.rows(TRAINING))


main = training_script(__file__, __doc__, train)

if __name__ == "__main__":
    sys.exit(main())
