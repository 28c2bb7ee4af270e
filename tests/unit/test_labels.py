"""Labels read from responses: boxes as models write them, short texts without one, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernacular.answers.labels import BARE_LENGTH, extract_label
from vernacular.language.languages import load_languages
from vernacular.language.phrasebook import LABELS, load_phrasebook

LETTERS = "ABCDE"
KINDS = {"choice": LETTERS, "entailment": LABELS}

CHOICES = {
    r"The answer is \boxed{C}.": "C",
    r"\boxed{c}": "C",
    r"\boxed{C)}": "C",
    r"\boxed{(C)}": "C",
    r"\boxed{ C. }": "C",
    r"\boxed{**C**}": "C",
    r"\boxed{\text{C}}": "C",
    r"\boxed{\text{c}}": "C",
    r"\boxed{\textbf{(C)}}": "C",
    r"\boxed{\mathbf{\text{C}}}": "C",
    r"\boxed {C}": "C",
    "\\boxed{C\u200f}": "C",  # a mark of right-to-left writing
    r"答えは\boxed{Ｃ}です。": "C",
    r"\boxed{A} or rather \boxed{D}": "D",  # the last counts
    r"\boxed{A}, no: \boxed{none of them}": None,
    r"\boxed{B}, or \boxed{C": None,  # cut off: the last box never closes
    r"\boxed{C": None,
    r"\boxed{F}": None,
    r"\boxed{BC}": None,
    r"\boxed{A, C}": None,
    r"\boxed{}": None,
    r"\boxed{3}": None,
    r"\boxed{neutral}": None,
    "The answer is (C).": "C",
    "C": "C",
    "C)": "C",
    "(C) a knife": "C",
    "**C**": "C",
    "C. to cut bread": "C",
    "答案是C。": "C",
    "答案是（Ｃ）。": "C",
    "答えはCです。": "C",
    "정답은 C입니다.": "C",
    "คำตอบคือC": "C",
    "सही उत्तर C है।": "C",
    "Cevap C'dir.": "C",
    "Ответ: C": "C",
    "The answer is C, not B.": None,
    "The answer is C, yes: C.": "C",
    "A knife": None,  # an article
    "E a faca corta o pão.": None,
    "The answer is A because a knife cuts.": "A",
    "It is a knife.": None,
    "c": None,  # a small letter alone may be any word
    "DEBATE, ABC, Cab, ÀC, C3": None,
    "": None,
}
ENTAILMENTS = {
    r"\boxed{entailment}": "entailment",
    r"\boxed{ENTAILMENT}": "entailment",
    r"\boxed{\text{Contradiction}}": "contradiction",
    r"\boxed{Neutral.}": "neutral",
    r'\boxed{"neutral"}': "neutral",
    r"\boxed{neutral} \boxed{contradiction}": "contradiction",
    r"\boxed{entailment or neutral}": None,
    r"\boxed{neutrality}": None,
    r"\boxed{entail}": None,
    r"\boxed{C}": None,
    r"\boxed{entailment": None,
    "Entailment": "entailment",
    "The hypothesis is a CONTRADICTION.": "contradiction",
    "これはneutralです。": "neutral",
    "neutral, not entailment": None,
    "It cannot be told.": None,
    "": None,
}


@pytest.mark.parametrize("text", CHOICES)
def test_letters(text: str) -> None:
    assert extract_label(text, "choice") == CHOICES[text]


@pytest.mark.parametrize("text", ENTAILMENTS)
def test_entailments(text: str) -> None:
    assert extract_label(text, "entailment") == ENTAILMENTS[text]


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_text_without_a_box_is_no_answer(kind: str) -> None:
    label = KINDS[kind][2]
    filling = "x" * (BARE_LENGTH - len(label) - 1)
    assert extract_label(f"{filling} {label}", kind) == label
    assert extract_label(f"{filling}x {label}", kind) is None
    assert extract_label(f"{filling * 9} \\boxed{{{label}}}", kind) == label


@pytest.mark.parametrize("language", load_languages())
def test_every_answer_of_the_phrasebooks_is_read(language: str) -> None:
    """Boxed as in the training data, and bare as a model without boxes writes it."""
    answer = load_phrasebook(language)["answer"]
    for kind, labels in KINDS.items():
        for label in labels:
            for form in (f"\\boxed{{{label}}}", label, f"({label})"):
                assert extract_label(answer.format(answer=form), kind) == label, form


OPTIONS = [["a knife", "soap", "a bed", "a C", "an oven"], ["ein Messer", "Seife", "ein Bett", "ein C", "ein Ofen"]]
IN_WORDS = {
    r"\boxed{soap}": "B",
    r"The answer is \boxed{A Bed.}": "C",
    r"\boxed{\text{ein Ofen}}": "E",
    r"\boxed{(A) a knife}": "A",
    r"\boxed{B) Seife}": "B",
    r"\boxed{B}": "B",
    r"\boxed{В. Seife}": "B",  # Cyrillic, and so is the next
    r"\boxed{В. ein Messer}": None,
    r"\boxed{B) a knife}": None,  # which of the two?
    r"\boxed{knife}": None,  # not the whole option
    r"\boxed{a knife, soap}": None,
    r"\boxed{}": None,
    "soap": None,  # words outside of a box are no answer
}


@pytest.mark.parametrize("text", IN_WORDS)
def test_options_in_words(text: str) -> None:
    assert extract_label(text, "choice", OPTIONS) == IN_WORDS[text]
    assert extract_label(text, "choice", OPTIONS[::-1]) == IN_WORDS[text]


def test_words_that_are_two_options_are_no_answer() -> None:
    assert extract_label(r"\boxed{soap}", "choice", [OPTIONS[0], ["soap", "x", "y", "z", "w"]]) is None


PIECES = [r"\boxed{", "}", "{", r"\text{", "A", "C", *LABELS, " ", "。"]
WILD = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="ABCDEabc \\boxed{}()text.neutral\u200f。", max_size=120),
    st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
)


@given(WILD, st.sampled_from(list(KINDS)))
def test_any_text_gives_a_label_or_none(text: str, kind: str) -> None:
    assert extract_label(text, kind) in (None, *KINDS[kind])


@given(WILD, st.sampled_from(list(KINDS)), st.data())
def test_the_last_box_decides_whatever_stands_before_it(text: str, kind: str, data: st.DataObject) -> None:
    label = data.draw(st.sampled_from(KINDS[kind]))
    dress = data.draw(st.sampled_from(["{}", "({})", r"\text{{{}}}", " {} ", "{}.", "{})"]))
    written = data.draw(st.sampled_from([label, label.lower(), label.upper()]))
    assert extract_label(f"{text}\n\\boxed{{{dress.format(written)}}}", kind) == label


@given(st.integers(2, 100_000), st.sampled_from([r"\text ", r"\text{a b}", r"\text{", r"\boxed{", "C ", "{", "\\"]))
@settings(deadline=2000, max_examples=30)
def test_long_boxes_are_read_in_time(count: int, piece: str) -> None:
    """No pattern backtracks: a response may be as long as the context."""
    assert extract_label(f"\\boxed{{{piece * count}}}", "choice") is None
