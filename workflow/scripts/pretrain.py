"""Train a tokenizer and a base model from scratch (recipe `pretrain`)."""

import sys

from vernacular.models.training import training_arguments, training_job
from vernacular.storage import command
from vernacular.storage.records import TRAINING, read_rows


def main(argv: list[str] | None = None) -> int:
    args = training_arguments(__doc__, argv)

    def work() -> None:
        from vernacular.models.pretrain import pretrain

        with training_job(args) as job:
            if job:
                pretrain(job, list(read_rows(job.inputs["data"], schema=TRAINING)))

    return command.run("pretrain", work)


if __name__ == "__main__":
    sys.exit(main())
