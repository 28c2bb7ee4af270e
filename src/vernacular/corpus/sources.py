"""Readers of real question files into records.QUESTION."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any


def mgsm_rows(folder: str | Path, benchmark: str, languages: list[str]) -> Iterator[dict[str, Any]]:
    """MGSM's files mgsm_<language>.tsv (question, tab, answer; Shi et al., 2022), of those `languages` that are there.

    Line n is the same question in every language. Raises ValueError (one line with the path) for a folder without such
    files, a broken line or invalid UTF-8.
    """
    folder = Path(folder)
    files = {language: folder / f"mgsm_{language}.tsv" for language in languages}
    files = {language: path for language, path in files.items() if path.exists()}
    if not files:
        raise ValueError(f"{folder}: no mgsm_<language>.tsv files here; set sources.mgsm to the folder that holds them")
    for language, path in files.items():
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: not valid UTF-8 ({error}); restore the file") from None
        # Not splitlines(), which takes a U+2028 or a form feed within a question for its end.
        for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
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
