"""Wild text through every reader of text: no crash, no stall, a sound result. A hundred thousand inputs: make fuzz."""

import os
import random
import sys
import time
import unicodedata
from pathlib import Path

import fuzz
import fuzz_guided
import pytest
from fuzz_targets import CHECKS, WARM, ready
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wild import BOMBS, PIECES, WILD, wild_text

from vernacular.corpus.filter import normalise as normalised
from vernacular.language.codeswitch import code_switched
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import judge
from vernacular.language.letters import normalise
from vernacular.language.mathematics import LONGEST, excerpt

SIZE = 120_000  # characters of a bomb; make fuzz takes 10,000,000


@pytest.mark.parametrize("target", CHECKS)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=WILD, seed=st.integers(0, 999))
def test_wild_text(target: str, text: str, seed: int) -> None:
    CHECKS[target](random.Random(seed), text)


@pytest.mark.parametrize("target", CHECKS)
def test_seeded_wild_text_as_fuzzing_makes_it(target: str) -> None:
    for number in range(100):
        rng = random.Random(f"test {target} {number}")
        CHECKS[target](rng, wild_text(rng))


@pytest.mark.parametrize("target", CHECKS)
def test_bombs_are_over_within_two_seconds(target: str) -> None:
    ready()
    for text in WARM:
        CHECKS[target](random.Random(0), text)
    for name, bomb in BOMBS.items():
        text = bomb(SIZE)
        start = time.process_time()
        CHECKS[target](random.Random(name), text)
        assert time.process_time() - start < 2, name


# --- Very long texts --------------------------------------------------------------------------------------------------

FRENCH = "Ensuite, on ajoute les nouvelles pommes aux précédentes : 12 + 5 = 17.\n"
ENGLISH = "Then we add the new apples to those that were there before: 12 + 5 = 17.\n"


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    return LanguageIdentifier(["en", "fr", "ja"])


def test_an_excerpt_is_even_and_bounded() -> None:
    assert excerpt("x" * LONGEST) == "x" * LONGEST
    long = "".join(f"{number:07d}\n" for number in range(1_000_000))
    pieces = excerpt(long).split("\n")
    assert len(excerpt(long)) < 1.01 * LONGEST
    assert pieces[0] == "0000000" and pieces[-2] == "0999999"
    middle = [int(piece) for piece in pieces if len(piece) == 7]
    assert abs(sum(middle) / len(middle) - 500_000) < 5_000


def test_long_texts_are_judged_as_a_whole(identifier: LanguageIdentifier) -> None:
    """Not by their start: half a megabyte of French under an English page is French, and its lines are found."""
    long = ENGLISH * 20 + FRENCH * 7_000
    assert identifier.identify([long]) == ["fr"]
    (judged,) = judge([long], ["fr"], identifier)
    codes = [code for _, code in judged.lines]
    assert {"en", "fr"} <= set(codes) and codes.count("fr") > 0.9 * len(codes)
    assert code_switched([FRENCH * 7_000, FRENCH * 4_000 + ENGLISH * 4_000], identifier) == [False, True]


def test_thousands_of_words_of_two_languages_are_no_crash(identifier: LanguageIdentifier) -> None:
    """exp() of what a thousand common words add up to has no number."""
    assert identifier.identify(["the and of that le la les des " * 3_000])[0] in ("en", "fr", None)


def test_marks_in_no_order_take_no_time_and_change_no_letter() -> None:
    start = time.process_time()
    bomb = "cafe" + "\u0301\u0316" * 200_000 + " noir"
    assert normalise("NFC", bomb).startswith("café\u0316") and normalise("NFC", bomb).endswith(" noir")
    assert normalised(bomb) and time.process_time() - start < 1
    for text in ("e\u0301", "ช้ำ", "क्ष\u093c", "e" + "\u0301\u0316" * 15, "。。。！？"):
        assert normalise("NFC", text) == unicodedata.normalize("NFC", text)


def test_a_long_text_beside_short_ones_changes_no_verdict(identifier: LanguageIdentifier) -> None:
    short = [FRENCH, ENGLISH, FRENCH + ENGLISH, "", "12 + 5"]
    alone = [code_switched([text], identifier)[0] for text in short]
    assert code_switched([*short, FRENCH * 500, *short], identifier) == [*alone, False, *alone]


# --- The harness itself -----------------------------------------------------------------------------------------------


def crash(rng: random.Random, text: str) -> None:
    if text not in WARM:
        raise ZeroDivisionError


def die(rng: random.Random, text: str) -> None:
    if text not in WARM:
        os._exit(139)


def hang(rng: random.Random, text: str) -> None:
    while text not in WARM:
        time.sleep(0.01)


def spin(rng: random.Random, text: str) -> None:
    end = time.process_time() + 0.3
    while text not in WARM and time.process_time() < end:
        pass


def well(rng: random.Random, text: str) -> None:
    pass


FINDINGS = {
    "crash": (crash, {}, "number 0: Traceback"),
    "death": (die, {}, "number 0 ends the process (status 139)"),
    "hang": (hang, {}, "number 0 hangs"),
    "too slow": (spin, {"SECONDS": 0.2}, "number 0: took 0."),
    "too much memory": (well, {"MEMORY": 2**20}, "MiB of memory at the most"),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_fuzzing_finds_what_goes_wrong(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    target, limits, finding = FINDINGS[name]
    monkeypatch.setattr(fuzz, "TARGETS", {"bad": target})
    for limit, value in {"MEMORY": 2**40, **limits}.items():
        monkeypatch.setattr(fuzz, limit, value)
    stalled = "1" if name == "hang" else "600"
    assert fuzz.main(["--inputs", "3", "--size", "1000", "--stalled", stalled]) == 1
    said = capsys.readouterr().out
    assert said.startswith("bad: FAILED: ") and finding in said


def test_fuzzing_repeats_an_input_by_its_number(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(fuzz, "MEMORY", 2**40)  # that of all tests until here
    options = ["normaliser", "--seed", "7", "--size", "5000", "--every", "5"]
    assert fuzz.main([*options, "--inputs", "40"]) == 0 and fuzz.main([*options, "--number", "4"]) == 0
    assert "normaliser: 40 inputs in" in capsys.readouterr().out


def test_guided_fuzzing_asks_for_atheris(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)
    assert fuzz_guided.main(["normaliser"]) == 2
    assert capsys.readouterr().err == "fuzz_guided: atheris is missing; install it: .venv/bin/pip install '.[fuzz]'\n"


@given(st.binary(max_size=40))
def test_any_bytes_are_an_input(data: bytes) -> None:
    rng, text = fuzz_guided.split(data)
    assert text.encode("utf-8", "surrogateescape") == data[4:] and rng.random() < 1
    assert fuzz_guided.split(data)[0].random() == random.Random(data[:4]).random()


def test_guided_fuzzing_starts_from_wild_texts(tmp_path: Path) -> None:
    fuzz_guided.prepare(tmp_path / "x")
    texts = [fuzz_guided.split(path.read_bytes())[1] for path in sorted((tmp_path / "x").iterdir())]
    assert texts[7] == wild_text(random.Random(7)) and BOMBS["tower"](500) in texts
    words = (tmp_path / "x.words").read_text().splitlines()
    assert len(words) == len(PIECES) and '"\\x5c\\x62\\x6f\\x78\\x65\\x64"' in words


def test_guided_fuzzing_finds_what_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    pytest.importorskip("atheris")
    monkeypatch.setattr(fuzz, "TARGETS", {"well": well, "bad": crash})
    monkeypatch.setattr(fuzz, "MEMORY", 2**40)
    assert fuzz_guided.main(["--minutes", "0.02", "--folder", str(tmp_path)]) == 1
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("well: ") and "FAILED" not in first
    [failed] = tmp_path.glob("bad-crash-*")
    assert second.startswith("bad: FAILED: 1 inputs in ") and str(failed) in second
    assert "ZeroDivisionError" in (tmp_path / "bad.log").read_text()
    with pytest.raises(ZeroDivisionError):
        fuzz_guided.main(["bad", "--input", str(failed)])
