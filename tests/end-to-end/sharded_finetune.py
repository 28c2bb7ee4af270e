"""train_finetune.py, for which accelerate takes processes on CPUs (gloo) as on GPUs, where alone it shards models.

Nothing else is changed, so shards, checkpoints and gathering are as on a cluster; no GPU has run them. With $STOP the
main process, and only that one, gets a SIGTERM after that step.
"""

import os
import signal
import sys
from pathlib import Path

os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"
sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))
import train_finetune  # noqa: E402

if "LOCAL_RANK" in os.environ:
    from accelerate.state import DistributedType, PartialState

    from vernacular.models import loop, processes

    processes.strategy = lambda recipe: "ddp"  # join() asks for GPUs otherwise
    init, report = PartialState.__init__, loop.report_progress
    PartialState.__init__ = lambda self, cpu=False, **options: init(self, False, **options)
    PartialState._prepare_backend = lambda self, *_, **__: ("gloo", DistributedType.MULTI_GPU)

    def report_and_stop(name: str, step: int, *rest: object) -> None:
        report(name, step, *rest)
        if os.environ.get("STOP") == str(step):
            os.kill(os.getpid(), signal.SIGTERM)

    loop.report_progress = report_and_stop

if __name__ == "__main__":
    sys.exit(train_finetune.main())
