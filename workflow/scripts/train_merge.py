"""Merge an encoder and an LLM through a gate (recipe `merge`): MindMerger, ST-Merge, LangBridge."""

from vernacular.models.job import Job, training_program
from vernacular.storage.records import TRAINING


@training_program(__name__, __file__, __doc__)
def main(job: Job) -> None:
    from vernacular.merge.train import train_merge

    train_merge(job, job.rows(TRAINING))
