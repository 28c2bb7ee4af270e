"""AdaMame's second stage: GRPO with the alignment that the recipe names (recipe `grpo`)."""

from vernacular.models.job import Job, training_program
from vernacular.storage.records import PROMPT, read_rows


@training_program(__name__, __file__, __doc__)
def main(job: Job) -> None:
    from vernacular.adamame.grpo import train_grpo

    # Too few prompts, or none, is an error of its own there.
    train_grpo(job, list(read_rows(job.inputs["data"], schema=PROMPT)))
