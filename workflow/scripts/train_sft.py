"""AdaMame's first stage: SFT on the filtered native traces (recipe `sft`)."""

import sys

from vernacular.models.launch import start_processes
from vernacular.models.training import training_arguments, training_job
from vernacular.storage import command
from vernacular.storage.records import KEPT_TRACE, read_rows


def main(argv: list[str] | None = None) -> int:
    args = training_arguments(__doc__, argv)

    def work() -> None:
        start_processes(args.recipe)
        from vernacular.adamame.sft import train_sft

        with training_job(args) as job:
            if job:
                train_sft(job, list(read_rows(job.inputs["data"], schema=KEPT_TRACE)))

    return command.run("train_sft", work)


if __name__ == "__main__":
    sys.exit(main())
