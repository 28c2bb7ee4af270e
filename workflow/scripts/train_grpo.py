"""AdaMame's second stage: GRPO with the alignment that the recipe names (recipe `grpo`)."""

import json
import sys

from vernacular.models.launch import start_processes
from vernacular.models.training import training_arguments, training_job
from vernacular.storage import command
from vernacular.storage.records import PROMPT, read_rows


def main(argv: list[str] | None = None) -> int:
    args = training_arguments(__doc__, argv, {"--identifier": "JSON: languages, model, certainty, min_letters"})

    def work() -> None:
        start_processes(args.recipe)
        from vernacular.adamame.grpo import train_grpo

        with training_job(args) as job:
            if job:
                train_grpo(job, list(read_rows(job.inputs["data"], schema=PROMPT)), json.loads(args.identifier))

    return command.run("train_grpo", work)


if __name__ == "__main__":
    sys.exit(main())
