"""What the study's check of claims and the job that tests them share. Light: no pandas."""

from collections.abc import Mapping
from typing import Any

OF_LAYERS, OF_TIME = "msd_depth", "seconds"  # metrics that do not come from scores


def sides(claim: Mapping[str, Any]) -> list[str]:
    """The models that a claim compares: one, or two."""
    return [name for name in (claim["model"], claim["baseline"]) if name is not None]
