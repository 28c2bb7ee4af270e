"""AdaMame's second stage: GRPO with the alignment that the recipe names (recipe `grpo`)."""

import sys

from vernacular.models.job import Job, training_script
from vernacular.storage.records import PROMPT, read_rows


def train(job: Job) -> None:
    from vernacular.adamame.grpo import train_grpo

    # Too few prompts, or none, is an error of its own there.
    train_grpo(job, list(read_rows(job.inputs["data"], schema=PROMPT)))


main = training_script(__file__, __doc__, train)

if __name__ == "__main__":
    sys.exit(main())
