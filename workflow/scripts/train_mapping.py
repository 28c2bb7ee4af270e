"""Map an encoder onto an LLM, the first stage of a merge (recipe `merge-mapping`)."""

from vernacular.models.job import Job, training_program
from vernacular.storage.records import TRAINING


@training_program(__name__, __file__, __doc__)
def main(job: Job) -> None:
    from vernacular.merge.train import train_mapping

    train_mapping(job, job.rows(TRAINING))
