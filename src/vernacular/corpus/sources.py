"""Questions for evaluation and training: the miniature's own, and those of real data (formats.FORMATS)."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vernacular.answers.gold import Prose, check_gold
from vernacular.corpus import miniature
from vernacular.corpus.formats import PART, PHRASEBOOK, Format, Source, form_of, source_files
from vernacular.corpus.options import QuestionsOptions
from vernacular.corpus.readers import Example
from vernacular.language.phrasebook import has_phrasebook


def benchmark_rows(options: QuestionsOptions, split: str) -> Iterator[dict[str, Any]]:
    """records.QUESTION of a split: every benchmark, in every language that it has.

    Raises ValueError (one line) for a source without questions of the split, and for a broken file.
    """
    for name, benchmark in options.benchmarks.items():
        if benchmark["source"] == PHRASEBOOK:
            written = list(filter(has_phrasebook, options.languages))
            yield from miniature.question_rows({name: benchmark}, written, split, options.seed)
        else:
            source = options.sources[benchmark["source"]]
            folder, numbers = Path(source["folder"]), benchmark.get("answers") == "number"
            yield from question_rows(source, folder, name, options.languages, split, numbers)


def question_rows(
    source: Source | str, folder: Path, benchmark: str, languages: list[str], split: str, numbers: bool = False
) -> Iterator[dict[str, Any]]:
    """records.QUESTION of a split of real data, in those of `languages` that are there.

    source: its entry, or its format. numbers: whether all its answers are. Raises ValueError (one line with the path)
    if there are none, for a broken file, for two questions of one id in one language, and for an answer that nothing
    could match. Where some published answers of a format are prose, their questions are left out, which a line on
    standard error says.

    Questions are about the same problem where one language asks them in the same words, or of the same premise (XNLI
    has three hypotheses for each); the language that an id first comes in decides for its translations.
    """
    form, seen, prose = form_of(source), set(), []
    stems: dict[tuple[str, str], str] = {}  # language, text -> the id of the first question
    problems: dict[str, str] = {}  # id -> the id of the first question about its problem
    for example in examples(source, folder, split, languages):
        if example.answer is not None:
            if (key := (example.language, example.id)) in seen:
                raise ValueError(
                    f"{example.place}: a second question '{example.id}' in '{example.language}'; delete one"
                )
            seen.add(key)
            if form.kind == "math":
                try:
                    check_gold(example.answer, numbers)
                except ValueError as error:
                    if form.prose and isinstance(error, Prose):
                        prose.append(f"{example.place}: {error}")
                        continue
                    raise ValueError(f"{example.place}, {form.gold}: {error}") from None
            identifier = f"{benchmark}-{split}-{example.id}"
            if identifier not in problems:
                stem = example.question.split("\n")[0] if form.kind == "entailment" else example.question
                problems[identifier] = stems.setdefault((example.language, stem), identifier)
            row = {"id": identifier, "problem": problems[identifier], "benchmark": benchmark, "kind": form.kind}
            yield row | {key: getattr(example, key) for key in ("language", "question", "choices", "answer")}
    if prose:
        print(f"{benchmark}: left out {len(prose)} with answers in words; the first: {prose[0]}", file=sys.stderr)
    if not seen:
        raise ValueError(f"{folder}: no {split} questions in {', '.join(languages)}; see sources")


def examples(source: Source | str, folder: Path, split: str, languages: list[str]) -> Iterator[Example]:
    """The examples of a split, file by file. source: its entry, or its format.

    Raises ValueError if no file fits it, and for a blank question.
    """
    form = form_of(source)
    for path, language in files_of(source, folder, split):
        if language is not None and language not in languages:
            continue
        for example in form.reader(path, language):
            if example.language in languages and in_split(form, example.id, split):
                if not any(c.isprintable() and not c.isspace() for c in example.question):
                    place = example.place or path
                    raise ValueError(f"{place}: question {example.id} in '{example.language}' is blank; restore it")
                yield example


def files_of(source: Source | str, folder: Path, split: str) -> list[tuple[Path, str | None]]:
    """formats.source_files; raises ValueError if there are none, saying what they would be called."""
    files = list(source_files(source, folder, split))
    if not files:
        name, form = (source if isinstance(source, str) else source["format"]), form_of(source)
        named = re.sub(r"\(\?P<split>[^)]*\)", str(form.splits[split]), form.files)
        named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", re.sub(r"\(\?:[^()]*/\)\?", "", named.replace(PART, "")))
        raise ValueError(f"{folder}: no {split} files of the format '{name}' (named {named}); see sources")
    return files


def in_split(form: Format, identifier: str, split: str) -> bool:
    """Whether a question is of a split; all its translations are, since its id decides."""
    return not form.dev_share or (miniature.share_of(f"dev {identifier}") < form.dev_share) == (split == "dev")
