"""One judgement of a trace: the labels that identifier and code-switching give alone, and no more work than asked."""

from typing import Any

import pytest

from vernacular.language import judge as module
from vernacular.language.codeswitch import code_switched
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import foreign_script_words, judge
from vernacular.language.markup import strip_code
from vernacular.language.mathematics import strip_formal
from vernacular.language.parts import take_apart

FRENCH = "D'abord, on ajoute les nouvelles pommes aux précédentes."
ENGLISH = "So the number of apples that she has now is seventeen."
JAPANESE = "まず、なくなった本の分を引きます：9 - 3 = 6。"
CASES = [
    ("fr", FRENCH),
    ("fr", f"{FRENCH}\n12 + 5 = 17\n{FRENCH}"),
    ("fr", f"{FRENCH}\n{ENGLISH}"),
    ("fr", ENGLISH),
    ("fr", f"{FRENCH} 苹果"),
    ("fr", f"{FRENCH} $x = 17$ \\text{{pommes}} \\frac{{1}}\n{{2}}"),
    ("ja", JAPANESE),
    ("ja", f"{JAPANESE}\n次に、remaining の本を足します。"),
    ("ja", ""),
    ("ja", "\\boxed{17}\n$12$"),
]
LANGUAGES, TRACES = [language for language, _ in CASES], [trace for _, trace in CASES]


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    return LanguageIdentifier(["en", "fr", "ja", "de"])


def test_every_part_is_what_it_is_alone(identifier: LanguageIdentifier) -> None:
    judged = judge(TRACES, LANGUAGES, identifier)
    assert [one.language for one in judged] == LANGUAGES
    assert [one.trace_language for one in judged] == identifier.identify(TRACES)
    assert [one.code_switched for one in judged] == code_switched(TRACES, identifier)
    for trace, one in zip(TRACES, judged, strict=True):
        lines = [line.strip() for line in strip_code(trace).split("\n") if line.strip()]
        found = identifier.identify_within(lines, [one.trace_language] * len(lines))
        assert one.lines == list(zip(lines, found, strict=True))
        labels = [label for _, label in one.lines if label is not None]
        assert one.line_pass == (bool(labels) and set(labels) == {one.language})
        assert one.foreign_line == bool(set(labels) - {one.language})
        assert one.abstained_lines == len(one.lines) - len(labels)
        assert one.native == (one.trace_language == one.language)
        (foreign,) = foreign_script_words(take_apart([strip_formal(trace)]), [one.language])
        assert one.word_pass == (None if not one.line_pass else not foreign)
    assert [one.line_pass for one in judged] == [True, True, False, False, True, True, True, True, False, False]
    assert [one.word_pass for one in judged] == [True, True, None, None, False, True, True, False, None, None]


def test_code_is_stripped_once_and_less_is_judged_where_less_is_asked(
    identifier: LanguageIdentifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    stripped: list[str] = []

    def counted(text: str) -> str:
        stripped.append(text)
        return strip_code(text)

    def unasked(*_: Any) -> Any:
        raise AssertionError("not asked for")

    monkeypatch.setattr(module, "strip_code", counted)
    whole = judge(TRACES, LANGUAGES, identifier)
    assert stripped == TRACES
    for one, full in zip(judge(TRACES, LANGUAGES, identifier, "lines"), whole, strict=True):
        assert one.trace_language == full.trace_language and one.lines == (full.lines if full.native else [])
        assert one.word_pass is None and one.switched_lines == full.switched_lines
    monkeypatch.setattr(module, "switches", lambda parts, _: [unasked() for _ in parts.texts])
    for one, full in zip(judge(TRACES, LANGUAGES, identifier, "trace"), whole, strict=True):
        assert one.trace_language == full.trace_language and one.lines == []


def test_nothing_is_judged_of_no_traces(identifier: LanguageIdentifier) -> None:
    assert judge([], [], identifier) == []


def test_foreign_script_words() -> None:
    cases = [
        ("th", "เขามี apple สามลูก", True),
        ("th", r"เขามี x = \frac{1}{2} สามลูก", False),
        ("fr", "Il a trois 苹果.", True),
        ("fr", "Il a β pommes.", True),
        ("fr", "Où sont les œufs ? 3 × 4 = ١٢", False),
        ("ja", "漢字とかなとカタカナ", False),
        ("ko", "三 명의 학생", False),
        ("ko", "ok 학생", True),
    ]
    texts = take_apart([strip_formal(text) for _, text, _ in cases])
    assert foreign_script_words(texts, [language for language, _, _ in cases]) == [found for _, _, found in cases]
    with pytest.raises(ValueError, match="unknown language"):
        foreign_script_words(take_apart(["text"]), ["xx"])
