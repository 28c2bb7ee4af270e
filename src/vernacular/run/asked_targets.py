"""Targets that Snakemake is asked for but the study does not have."""

import re
from collections.abc import Iterable
from pathlib import Path

from vernacular.run.cluster import parsed
from vernacular.storage.messages import nearest
from vernacular.study.compile import Study

COMMANDS = ["all", "claims", "cards", "downloads", "preflight"]


def check_asked_targets(words: list[str], rules: Iterable[str], study: Study) -> None:
    """Exit with one line, before Snakemake says that no rule produces the target. words: those after `snakemake`."""
    known = {*rules}

    def unknown(word: str) -> bool:
        return bool(re.fullmatch(r"\w[\w-]*", word)) and word not in known and not Path(word).exists()

    # Snakemake's parser takes a tenth of a second, so it is asked only about words that may be such a target.
    if not any(unknown(word) and not word.isdecimal() for word in words):
        return
    for name in filter(unknown, map(str, parsed(words).get("targets") or [])):
        hint = nearest(name, [*(target.name for target in study.named_targets), *COMMANDS])
        raise SystemExit(f"vernacular: {study.file}: evaluations: none has the target '{name}'; {hint}")
