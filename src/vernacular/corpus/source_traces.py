"""Readers of real traces into records.RAW_TRACE."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vernacular.answers.numbers import last_box
from vernacular.corpus.formats import json_rows
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.prompts import split_completion
from vernacular.study.sources import FORMATS, source_files

INSTRUCTION = re.compile(r"\A([^\n]*\\boxed\{\}[^\n]*)\n\n")


def adamame_traces(folder: Path, languages: list[str]) -> Iterator[dict[str, Any]]:
    """AdaMame's traces for SFT (arXiv 2606.15080, its `1_sft/data`): a list of instruction, input (empty), output.

    The instruction is one line in the trace's language, a blank line, the question; the output is trace, `</think>`,
    response. Nothing else names the language: where the file's name does not (fr_..., ja_...), it is that of the one
    line, among `languages`. There is no gold answer beside the output either, since its authors dropped wrong ones: the
    answer is what the response has in its box, null without one. Rows of other languages are left out.
    Raises ValueError for a broken file, and where no file fits.
    """
    identifier, known = LanguageIdentifier(languages), dict[str, str | None]()
    files = list(source_files("adamame-traces", folder, "train"))
    if not files:
        raise ValueError(f"{folder}: no files named {FORMATS['adamame-traces'].files}; see sources")
    for path, named in files:
        for number, (place, row) in enumerate(json_rows(path, ("instruction", "output")), 1):
            found = INSTRUCTION.match(row["instruction"])
            if not found:
                raise ValueError(f"{place}: the instruction is no line with \\boxed{{}}, blank line and question")
            if found[1] not in known:
                known[found[1]] = identifier.identify([found[1]])[0]
            language = named or known[found[1]]
            if language not in languages:
                continue
            yield {
                "id": f"{path.stem}-{number:06d}",
                "language": language,
                "question": row["instruction"][found.end() :].strip(),
                "answer": last_box(split_completion(row["output"])[1]),
                "completion": row["output"],
                "source": path.name,
                "flaw": None,
            }
