"""What fuzzing calls with wild text, and what must hold of each: no exception but the documented, a sound result.

Each target takes a random generator and a text. tests/fuzz/fuzz.py calls each a hundred thousand times,
tests/unit/test_wild.py a few hundred times.
"""

import json
import random
import tempfile
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from wild import LANGUAGES, wild_text

from vernacular.answers import verify_worker
from vernacular.answers.compare import extract_answer, is_correct
from vernacular.answers.extract import last_box
from vernacular.answers.labels import LABELS, extract_label
from vernacular.answers.numbers import parse_number
from vernacular.corpus.filter import Digests, has_structure, is_new
from vernacular.corpus.sources import question_rows
from vernacular.corpus.traces import FIELDS, Broken, parse_line, read_traces
from vernacular.language.codeswitch import code_switched
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import foreign_script_words, judge
from vernacular.language.languages import load_languages
from vernacular.language.mathematics import strip_formal, strip_math
from vernacular.language.parts import take_apart
from vernacular.language.prompts import ANSWER_TAG, SOLUTION_TAG, split_completion
from vernacular.language.thinking import FAMILIES
from vernacular.storage.records import GENERATION, RAW_TRACE, read_rows, write_rows

LONGEST = 10_000_000  # bytes of a text in a Parquet file: writing one takes some ten times as many
GOLDS = ["7", "1,250", "2.5", "-3", "0", "", r"\frac{1}{2}", r"2\sqrt{3}", "(3,4)", "9" * 100]


@cache
def identifier() -> LanguageIdentifier:
    return LanguageIdentifier(list(load_languages()))


@cache
def folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)


def normaliser(rng: random.Random, text: str) -> None:
    language = rng.choice(LANGUAGES)
    number = parse_number(text, language)
    assert number is None or isinstance(number, Fraction)
    box = last_box(text)
    assert box is None or box in text
    answer = extract_answer(text, language)
    assert answer is None or (answer.encode() and len(answer) <= 1000)


def verifier(rng: random.Random, text: str) -> None:
    gold = rng.choice(GOLDS) if rng.random() < 0.9 else text[:200]
    boxed = text if rng.random() < 0.4 else f"\\boxed{{{text}}}"
    verdict = is_correct(gold, boxed, rng.choice(LANGUAGES))
    assert isinstance(verdict, bool)
    if verdict:  # what counts stands in a box or is short
        assert last_box(boxed) is not None or len(boxed.strip()) <= 80


def labels(rng: random.Random, text: str) -> None:
    assert extract_label(text, "choice") in (None, *"ABCDE")
    assert extract_label(text, "entailment") in (None, *LABELS)


def trace_parser(rng: random.Random, text: str) -> None:
    for family in (None, rng.choice(list(FAMILIES))):
        trace, response = split_completion(text, family)
        assert trace == trace.strip() and response == response.strip()
        if ANSWER_TAG.search(text) is None and SOLUTION_TAG.search(text) is None:
            assert response in text and len(trace) <= len(text)
    row = {"language": "fr", "question": "q", "completion": text}
    if has_structure([row])[0]:
        seen = Digests()
        if any("\ud800" <= c <= "\udfff" for c in text):
            return  # the reader lets no half of a pair through
        assert is_new(row, seen) and not is_new(row, seen)


def trace_lines(rng: random.Random, text: str) -> None:
    """A line of a file of traces: an object with wild fields, one cut and mended anywhere, or wild bytes."""
    row: dict[str, Any] = dict.fromkeys(FIELDS, "x") | {"language": "fr", rng.choice(FIELDS): text}
    if rng.random() < 0.3:
        row[rng.choice([*FIELDS, "source", "flaw"])] = rng.choice([None, 7, 1.5, [], {"a": text}, True, "9" * 10_000])
    line = json.dumps(row, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
    if rng.random() < 0.5:
        at = rng.randrange(len(line))
        line = line[:at] + rng.randbytes(rng.randint(0, 4)) + line[at + rng.randint(0, 4) :]
    found = parse_line(line if rng.random() < 0.95 else text.encode("utf-8", "surrogatepass"), "x")
    assert isinstance(found, Broken) or all(found[field].strip().encode() for field in FIELDS)


def latex_stripper(rng: random.Random, text: str) -> None:
    words = strip_math(text)
    assert words == words.strip() and "  " not in words and "\\" not in words and "$" not in words
    assert isinstance(strip_formal(text), str)


def language_identifier(rng: random.Random, text: str) -> None:
    (name,) = identifier().identify([text])
    assert name is None or name.isalpha()
    language = rng.choice(["fr", "ja", "th", "ru"])
    (judged,) = judge([text], [language], identifier())
    assert all(line.strip() and (code is None or code.isalpha()) for line, code in judged.lines)
    assert foreign_script_words(take_apart([strip_formal(text)]), [language]) in ([True], [False])


def code_switching(rng: random.Random, text: str) -> None:
    assert code_switched([text], identifier()) in ([True], [False])


def record_reader(rng: random.Random, text: str) -> None:
    """Two rows of wild text come back as they were; of a file that is cut or has bytes changed, rows or one line."""
    path = Path(folder().name) / "rows.parquet"
    valid = text.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore")
    schema = rng.choice([GENERATION, RAW_TRACE])
    row = dict.fromkeys(schema.names, None) | {"id": "q", "language": "fr", "completion": valid}
    write_rows(path, [row, row], schema)
    assert [found["completion"] for found in read_rows(path)] == [valid, valid]
    data = bytearray(path.read_bytes())
    if rng.random() < 0.3:
        del data[rng.randrange(len(data)) :]
    else:
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(len(data))] = rng.randrange(256)
    path.write_bytes(data)
    for read in (read_rows, read_traces):
        try:
            list(read(path))
        except ValueError as error:
            assert str(path) in str(error) and "\n" not in str(error), error


def source_reader(rng: random.Random, text: str) -> None:
    """A file of questions with wild text, encoded as it can be; rows with question and answer, or one line."""
    path = Path(folder().name) / "mgsm_fr.tsv"
    path.write_bytes(f"{text}\t{wild_text(rng, 3)}\n".encode("utf-8", rng.choice(["replace", "surrogatepass"])))
    try:
        rows = list(question_rows("mgsm", path.parent, "mgsm", ["fr"], "test"))
    except ValueError as error:
        assert str(path) in str(error) and "\n" not in str(error), error
    else:
        assert rows and all(row["question"].strip() and row["answer"].strip() for row in rows)


Check = Callable[[random.Random, str], None]
CHECKS: dict[str, Check] = {
    check.__name__.replace("_", "-"): check
    for check in (
        *(normaliser, verifier, labels, trace_parser, trace_lines, latex_stripper),
        *(language_identifier, code_switching, record_reader, source_reader),
    )
}


def model_folders(rng: random.Random, text: str) -> None:
    """A model's folder, changed in one of the ways that we know."""
    from fuzz_models import model_folders as check  # torch alone takes as much memory as the readers of text may

    check(rng, text)


def downloads(rng: random.Random, text: str) -> None:
    """A download from a server that lies."""
    from fuzz_downloads import downloads as check

    check(rng, text)


def hub_downloads(rng: random.Random, text: str) -> None:
    """A download from a hub that lies."""
    from fuzz_downloads import hub_downloads as check

    check(rng, text)


FOLDERS: dict[str, Check] = {"model-folders": model_folders, "downloads": downloads, "hub-downloads": hub_downloads}


# These make the identifier load its models: Latin, Cyrillic, Arabic and Han letters, of no language's words.
WARM = ["zuwo bugah gidde mo", "бчрикла впйва", "زدیحط خب ضخص چچ نصصي یبثوس کم دم", "漢字仮名交文", "7"]


def ready() -> None:
    """Start math-verify, which takes seconds, so that no input is blamed for it."""
    worker = verify_worker._worker
    if worker is None or worker.process.poll() is not None:
        verify_worker.verify.cache_clear()
        verify_worker.verify("1", "y")
