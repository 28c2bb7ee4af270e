"""Language identification against lingua: throughput, accuracy, code-switching; one thread, the same 23 candidates.

    python benchmarks/identify.py [--pairs 5] [--mgsm DIR]

On questions and single lines of the phrasebooks, and on MGSM's where DIR holds mgsm_<language>.tsv. Both detectors are
built, with all models loaded, and have seen the texts before the clock starts. An abstention counts as wrong.
"""

import argparse
import os
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", RAYON_NUM_THREADS="1")  # before the libraries read them

from bench import Row, paired, rate, row, run
from lingua import IsoCode639_1, LanguageDetector, LanguageDetectorBuilder
from texts import LANGUAGES, Labelled, questions, read_mgsm, sentences

from vernacular.language.codeswitch import code_switched
from vernacular.language.identify import LanguageIdentifier


def build_lingua(languages: list[str]) -> LanguageDetector:
    codes = [getattr(IsoCode639_1, code.upper()) for code in languages]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_preloaded_language_models().build()


def by_lingua(detector: LanguageDetector, texts: list[str]) -> list[str | None]:
    found = [detector.detect_language_of(text) for text in texts]
    return [language and language.iso_code_639_1.name.lower() for language in found]


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


def switching_set(asked: Labelled, count: int) -> list[tuple[str, bool]]:
    """`count` pure questions and as many spliced from questions in two languages."""
    choice = random.Random(0)
    texts = [(question, False) for question, _ in choice.sample(asked, count)]
    while len(texts) < 2 * count:
        first, second = choice.sample(asked, 2)
        if first[1] != second[1]:
            texts.append((splice(first, second, choice), True))
    return texts


def f1(found: list[bool], truth: list[bool]) -> float:
    hits = sum(a and b for a, b in zip(found, truth, strict=True))
    precision, recall = hits / max(sum(found), 1), hits / sum(truth)
    return 2 * precision * recall / max(precision + recall, 1e-9)


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    sets = {"phrasebooks": questions(2 if arguments.tiny else 120)}
    if arguments.mgsm:
        sets["MGSM"] = read_mgsm(Path(arguments.mgsm))
    ours, lingua = LanguageIdentifier(LANGUAGES), build_lingua(LANGUAGES)
    for source, asked in sets.items():
        lines = [(piece, language) for text, language in asked for piece in sentences(text, language)]
        some = random.Random(0).sample(lines, min(len(lines), 10 if arguments.tiny else 2750))
        for kind, labelled, target in (("questions", asked, ">= 5"), ("lines", some, ">= 10")):
            texts, truth = [text for text, _ in labelled], [language for _, language in labelled]
            sides = partial(ours.identify, texts), partial(by_lingua, lingua, texts)
            right = [sum(a == b for a, b in zip(side(), truth, strict=True)) / len(texts) for side in sides]
            name = f"identify {len(texts)} {kind} of {source}"
            fast, slow = (rate(len(texts), side) for side in sides)
            yield paired(name, "texts a second", fast, slow, target, arguments.pairs)
            yield row(f"{name}: right", "share of texts", [(right[0], right[1])], "ours >= 0.999")
        mixed = switching_set(asked, 5 if arguments.tiny else 150)
        texts, switched = [text for text, _ in mixed], [truth for _, truth in mixed]
        mine = f1(code_switched(texts, ours), switched)
        other = f1([len({p.language for p in lingua.detect_multiple_languages_of(t)}) > 1 for t in texts], switched)
        yield row(f"code-switching in {len(texts)} texts of {source}", "F1", [(mine, other)])


if __name__ == "__main__":
    run(__doc__, rows, {"--mgsm": ""})
