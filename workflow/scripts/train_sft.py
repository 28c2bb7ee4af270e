"""AdaMame's first stage: SFT on the filtered native traces (recipe `sft`)."""

from vernacular.models.job import Job, training_program
from vernacular.storage.records import KEPT_TRACE


@training_program(__name__, __file__, __doc__)
def main(job: Job) -> None:
    from vernacular.adamame.sft import train_sft

    train_sft(job, job.rows(KEPT_TRACE))
