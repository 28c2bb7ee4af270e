"""Sources of real data (study_sources.FORMATS): their examples by split and language, and questions made from them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vernacular.corpus.formats import READERS, Example
from vernacular.corpus.miniature import share_of
from vernacular.study.sources import FORMATS, source_files

DEV_SHARE = 0.05  # of a source whose files tell no splits but which has dev questions (our choice)


def question_rows(
    source: str, folder: Path, benchmark: str, languages: list[str], split: str
) -> Iterator[dict[str, Any]]:
    """records.QUESTION of a split, in those of `languages` that are there. source: a format.

    Raises ValueError (one line with the path) where nothing is there, and for whatever is broken.
    """
    form, empty = FORMATS[source], True
    for example in examples(source, folder, split, languages):
        if example["answer"] is None:
            continue
        empty = False
        yield {
            "id": f"{benchmark}-{split}-{example['id']}",
            "benchmark": benchmark,
            "kind": form.kind,
            **{key: example[key] for key in ("language", "question", "choices", "answer")},
        }
    if empty:
        raise ValueError(f"{folder}: no {split} questions in {', '.join(languages)}; see sources")


def examples(source: str, folder: Path, split: str, languages: list[str]) -> Iterator[Example]:
    """The examples of a split, with `choices`, `answer` and `completion` (None where there is none), file by file.

    Raises ValueError where no file fits the format, naming what one would be called.
    """
    files = list(source_files(source, folder, split))
    if not files:
        raise ValueError(f"{folder}: no files of the format '{source}' (named {FORMATS[source].files}); see sources")
    for path, language in files:
        if language is not None and language not in languages:
            continue
        for example in READERS[source](path, language):
            if example["language"] in languages and in_split(source, example["id"], split):
                if not example["question"].strip():
                    raise ValueError(
                        f"{path}: question {example['id']} in '{example['language']}' is blank; restore it"
                    )
                yield {"choices": None, "answer": None, "completion": None, **example}


def in_split(source: str, identifier: str, split: str) -> bool:
    if source != "gsm8k-instruct":
        return True
    return (share_of(f"dev {identifier}") < DEV_SHARE) == (split == "dev")
