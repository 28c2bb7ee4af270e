"""Map an encoder onto an LLM, the first stage of a merge (recipe `merge-mapping`)."""

import sys

from vernacular.models.launch import start_processes
from vernacular.models.training import training_arguments, training_job
from vernacular.storage import command
from vernacular.storage.records import TRAINING, read_rows


def main(argv: list[str] | None = None) -> int:
    args = training_arguments(__doc__, argv)

    def work() -> None:
        start_processes(args.recipe)
        from vernacular.merge.train import train_mapping

        with training_job(args) as job:
            if job:
                train_mapping(job, list(read_rows(job.inputs["data"], schema=TRAINING)))

    return command.run("train_mapping", work)


if __name__ == "__main__":
    sys.exit(main())
