"""Readers of real question files into records.QUESTION."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any


def mgsm_rows(folder: str | Path, benchmark: str, languages: list[str]) -> Iterator[dict[str, Any]]:
    """MGSM's files mgsm_<language>.tsv (question, tab, answer; Shi et al., 2022), for those of `languages` that are there.

    Line n is the same question in every language. Raises ValueError for a folder without such files or a broken line.
    """
    folder = Path(folder)
    files = {language: folder / f"mgsm_{language}.tsv" for language in languages}
    files = {language: path for language, path in files.items() if path.exists()}
    if not files:
        raise ValueError(f"{folder}: no mgsm_<language>.tsv files here; set sources.mgsm to the folder that holds them")
    for language, path in files.items():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            question, tab, answer = line.rpartition("\t")
            if not tab or not question.strip() or not answer.strip():
                raise ValueError(f"{path}: line {number} is no question, tab, answer")
            yield {
                "id": f"{benchmark}-test-{number:05d}",
                "benchmark": benchmark,
                "kind": "math",
                "language": language,
                "question": question,
                "choices": None,
                "answer": answer.strip(),
            }
