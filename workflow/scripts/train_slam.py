"""SLAM: tune the feed-forward matrices of the layers that handle language (recipe `slam`)."""

import sys

from vernacular.models.launch import start_processes
from vernacular.models.training import training_arguments, training_job
from vernacular.storage import command
from vernacular.storage.records import TRAINING, read_rows


def main(argv: list[str] | None = None) -> int:
    args = training_arguments(__doc__, argv)

    def work() -> None:
        start_processes(args.recipe)
        from vernacular.slam.tune import tune

        with training_job(args) as job:
            if job:
                tune(job, list(read_rows(job.inputs["data"], schema=TRAINING)))

    return command.run("train_slam", work)


if __name__ == "__main__":
    sys.exit(main())
