"""SLAM: tune the feed-forward matrices of the layers that handle language (recipe `slam`)."""

from vernacular.models.job import Job, training_program
from vernacular.storage.records import TRAINING


@training_program(__name__, __file__, __doc__)
def main(job: Job) -> None:
    from vernacular.slam.tune import tune

    tune(job, job.rows(TRAINING))
