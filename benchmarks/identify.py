"""Language identification against lingua, on MGSM: accuracy, throughput and code-switching, in one run on one thread.

    python benchmarks/identify.py [--mgsm DIR]

DIR holds mgsm_<language>.tsv (question, tab, answer). Both detectors choose among the same 23 languages and are built
and warmed up before the clock starts; each is timed in turn, and the best of three rounds counts. An abstention counts
as wrong.
"""

import argparse
import os
import random
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", RAYON_NUM_THREADS="1")  # before the libraries read them
ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from lingua import IsoCode639_1, LanguageDetectorBuilder  # noqa: E402

from vernacular.codeswitch import code_switched  # noqa: E402
from vernacular.identify import LanguageIdentifier  # noqa: E402
from vernacular.languages import load_languages  # noqa: E402

Labelled = list[tuple[str, str]]
SENTENCE_END = re.compile(r"(?<=[.!?।])\s+|(?<=[。！？])\s*|\n+")
THAI_CLAUSE = re.compile(r"\s+(?=[\u0e01-\u0e2e\u0e40-\u0e44])")  # Thai ends clauses and sentences with a blank


def read_mgsm(folder: Path) -> Labelled:
    """(question, language) of every file."""
    found = []
    for path in sorted(folder.glob("mgsm_*.tsv")):
        language = path.stem.removeprefix("mgsm_")
        rows = path.read_text(encoding="utf-8").split("\n")
        found += [(row.rsplit("\t", 1)[0], language) for row in rows if row]
    if not found:
        raise SystemExit(f"{folder}: no mgsm_*.tsv there; give the folder with --mgsm DIR")
    return found


def sentences(text: str, language: str) -> list[str]:
    pieces = (THAI_CLAUSE if language == "th" else SENTENCE_END).split(text)
    return [piece.strip() for piece in pieces if len(piece.strip()) > 3]


def splice(first: tuple[str, str], second: tuple[str, str], choice: random.Random) -> str:
    """The start of one question and the end of another, each cut at a sentence end or within a sentence."""
    halves = []
    for side, (text, language) in enumerate((first, second)):
        parts = sentences(text, language)
        middle = len(parts) // 2
        if choice.random() < 0.5 and middle:
            gap = "" if language in ("zh", "ja") else " "
            halves.append(gap.join(parts[:middle] if side == 0 else parts[middle:]))
        else:
            cut = int(len(text) * choice.uniform(0.35, 0.65))
            blank = text.find(" ", cut)
            cut = blank if 0 <= blank < 0.8 * len(text) else cut
            halves.append(text[:cut] if side == 0 else text[cut:])
    return " ".join(half.strip() for half in halves)


def switching_set(questions: Labelled, count: int, seed: int) -> list[tuple[str, bool]]:
    """`count` pure questions and as many spliced from questions in two languages."""
    choice = random.Random(seed)
    texts = [(question, False) for question, _ in choice.sample(questions, count)]
    while len(texts) < 2 * count:
        first, second = choice.sample(questions, 2)
        if first[1] != second[1]:
            texts.append((splice(first, second, choice), True))
    return texts


def best_time(*functions: Callable[[], object]) -> list[float]:
    """Seconds of each function, the best of three rounds in turn."""
    rounds = []
    for _ in range(3):
        times = []
        for function in functions:
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
        rounds.append(times)
    return [min(times) for times in zip(*rounds, strict=True)]


def f1(found: list[bool], truth: list[bool]) -> tuple[float, float, float]:
    """(F1, precision, recall)."""
    hits = sum(a and b for a, b in zip(found, truth, strict=True))
    precision, recall = hits / max(sum(found), 1), hits / sum(truth)
    return 2 * precision * recall / max(precision + recall, 1e-9), precision, recall


def main(argv: list[str] | None = None) -> dict[str, float]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mgsm", type=Path, default=ROOT.parent / "shared" / "data" / "mgsm", metavar="DIR")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(argv)

    questions = read_mgsm(arguments.mgsm)
    lines = [(piece, language) for text, language in questions for piece in sentences(text, language)]
    languages = list(load_languages())
    ours = LanguageIdentifier(languages)
    codes = [getattr(IsoCode639_1, code.upper()) for code in languages]
    lingua = LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_preloaded_language_models().build()

    def by_lingua(texts: list[str]) -> list[str | None]:
        found = [lingua.detect_language_of(text) for text in texts]
        return [language and language.iso_code_639_1.name.lower() for language in found]

    results: dict[str, float] = {}
    print(f"{'':10} {'texts':>6} {'ours':>8} {'lingua':>8} {'abstained':>9} {'us/text':>8} {'lingua':>8} {'times':>6}")
    for name, labelled in (("questions", questions), ("lines", lines)):
        texts, truth = [text for text, _ in labelled], [language for _, language in labelled]
        mine, other = ours.identify(texts), by_lingua(texts)  # warms both up
        fast, slow = best_time(lambda texts=texts: ours.identify(texts), lambda texts=texts: by_lingua(texts))
        right = [sum(a == b for a, b in zip(found, truth, strict=True)) / len(texts) for found in (mine, other)]
        results |= {f"{name}_accuracy": right[0], f"{name}_lingua": right[1], f"{name}_ratio": slow / fast}
        print(
            f"{name:10} {len(texts):6} {right[0]:8.4f} {right[1]:8.4f} {mine.count(None):9} "
            f"{fast / len(texts) * 1e6:8.1f} {slow / len(texts) * 1e6:8.1f} {slow / fast:6.1f}"
        )

    mixed = switching_set(questions, 1000, arguments.seed)
    texts, switched = [text for text, _ in mixed], [truth for _, truth in mixed]
    start = time.perf_counter()
    mine = f1(code_switched(texts, ours), switched)
    middle = time.perf_counter()
    other = f1([len({p.language for p in lingua.detect_multiple_languages_of(t)}) > 1 for t in texts], switched)
    end = time.perf_counter()
    results |= {"switching_f1": mine[0], "switching_lingua": other[0]}
    print(f"code-switching on {len(texts)} texts, half of them spliced (F1, precision, recall; us/text):")
    for name, figures, seconds in (("ours", mine, middle - start), ("lingua", other, end - middle)):
        print(f"{name:10} {figures[0]:.4f} {figures[1]:.4f} {figures[2]:.4f} {seconds / len(texts) * 1e6:10.1f}")
    return results


if __name__ == "__main__":
    main()
