"""Languages outside a study: are texts in them taken for one of the 23? Against lingua with the same 23 candidates.

    python benchmarks/open.py [--catalogs /usr/share/locale] [--half test] [--least 4]

The texts are translated messages of the programs that are installed here (`<language>/LC_MESSAGES/*.mo`), placeholders
stripped: as passages of 40 messages that follow each other in a catalogue, and as single messages, the lines. Every
second passage is the half `tune`, on which thresholds were set; the others are `test`. A language takes part with at
least so many passages. `forced` is the share of texts that are named as one of the 23, `abstained` the share of texts
in the 23 that are not named; other columns of the printed list are per language. Nothing of it is kept.
"""

import argparse
import gettext
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench import Row, row, run
from identify import build_lingua, by_lingua
from texts import LANGUAGES, Labelled

from vernacular.language.detectors import bundled_model, code_of_label, load_fasttext
from vernacular.language.identify import LanguageIdentifier

MESSAGES, PASSAGES, LINES = 40, 25, 100  # in a passage; of a language, at most
LINE = (20, 200)  # characters
_PLACEHOLDER = re.compile(
    r"%(?:\d+\$)?[-+ #0']*\d*(?:\.\d+)?(?:hh|h|ll|l|q|j|z|t)?[a-zA-Z]"
    r"|%\([^)]*\)[a-z]|\{[^{}]*\}|<[^<>]*>|&[a-z]+;|\\[nt]|%"
)


def messages(path: Path) -> list[str]:
    """The translated messages of a catalogue that have letters and are not the English ones; none of a broken file."""
    try:
        with path.open("rb") as file:
            catalogue = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    except (OSError, ValueError, IndexError):
        return []
    found = []
    for key, translated in catalogue.items():
        source = (key[0] if isinstance(key, tuple) else key).split("\x04")[-1]
        text = " ".join(_PLACEHOLDER.sub(" ", translated).replace("_", "").split())
        if source and translated != source and sum(map(str.isalpha, text)) > 1:
            found.append(text)
    return found


def read_catalogs(folder: Path, half: str) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """(passages, lines) of one half, by language: the folder's name without its country."""
    passages: dict[str, list[str]] = defaultdict(list)
    lines: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*/LC_MESSAGES/*.mo")):
        name = path.parts[-3]
        if path.name.startswith("iso") or "@" in name:  # lists of names; variants of script and spelling
            continue
        code = code_of_label(f"__label__{name.split('_')[0]}") or name
        some = messages(path)
        for place, start in enumerate(range(0, len(some) - MESSAGES + 1, MESSAGES)):
            if (place % 2 == 0) == (half == "tune"):
                passages[code].append("\n".join(some[start : start + MESSAGES]))
                lines[code] += [text for text in some[start : start + MESSAGES] if LINE[0] <= len(text) <= LINE[1]]
    choice = random.Random(0)
    return (
        {code: choice.sample(texts, min(len(texts), PASSAGES)) for code, texts in sorted(passages.items())},
        {code: choice.sample(texts, min(len(texts), LINES)) for code, texts in sorted(lines.items())},
    )


def rows(arguments: argparse.Namespace) -> Iterator[Row]:
    if arguments.half not in ("tune", "test"):
        sys.exit(f"--half {arguments.half}: choose from tune, test")
    passages, lines = read_catalogs(Path(arguments.catalogs), arguments.half)
    known = set(load_fasttext(str(bundled_model()))[1].values())
    enough = [code for code, texts in passages.items() if len(texts) >= arguments.least]
    groups = {
        "that lid.176 names": [code for code in enough if code not in LANGUAGES and code in known],
        "that it does not": [code for code in enough if code not in LANGUAGES and code not in known],
    }
    if not groups["that lid.176 names"]:
        sys.exit(f"{arguments.catalogs}: fewer than {arguments.least} passages in any language outside the 23 there")
    ours, lingua = LanguageIdentifier(LANGUAGES), build_lingua(LANGUAGES)
    for kind, texts in (("passages", passages), ("lines", lines)):
        for group, codes in groups.items():
            labelled: Labelled = [(text, code) for code in codes for text in texts[code]]
            named = [
                side([text for text, _ in labelled]) for side in (ours.identify, lambda some: by_lingua(lingua, some))
            ]
            forced = [sum(name in LANGUAGES for name in side) / max(len(side), 1) for side in named]
            aim = {"that lid.176 names": "ours <= 0.02", "that it does not": "ours <= 0.1"}[group]
            what = f"{len(labelled)} {kind} in {len(codes)} languages outside the 23 {group}: forced into the 23"
            yield row(what, "share of texts", [(forced[0], forced[1])], aim if kind == "passages" else "")
            if kind == "passages":
                worst = Counter(
                    (code, name) for (_, code), name in zip(labelled, named[0], strict=True) if name in LANGUAGES
                )
                print(group, *(f"{code} as {name} {times}" for (code, name), times in worst.most_common()), sep="; ")
        inside: Labelled = [(text, code) for code in enough if code in LANGUAGES for text in texts[code]]
        mine = ours.identify([text for text, _ in inside])
        other = by_lingua(lingua, [text for text, _ in inside])
        for what, count in (("named", lambda name, code: bool(name)), ("right", lambda name, code: name == code)):
            shares = [sum(map(count, side, [code for _, code in inside])) / len(inside) for side in (mine, other)]
            yield row(f"{len(inside)} {kind} in the 23: {what}", "share of texts", [(shares[0], shares[1])])


if __name__ == "__main__":
    run(__doc__, rows, {"--catalogs": "/usr/share/locale", "--half": "test", "--least": 4})
