"""Languages beyond those of languages.yaml: names, scripts, and whether the identifier can name them."""

from pathlib import Path

import pytest

from vernacular.language import languages
from vernacular.language.foreign import find_foreign
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import judge
from vernacular.language.languages import about, load_languages, name_of
from vernacular.language.nameable import check_named
from vernacular.language.parts import take_apart
from vernacular.language.prompts import NEUTRAL, prompt_set, question_messages

TRACES = {
    "he": "קודם כל, נחבר את התפוחים לאלה שהיו קודם: 2 + 3 = 5.",
    "fi": "Ensin lasketaan uudet omenat vanhojen kanssa yhteen: 2 + 3 = 5.",
    "fa": "اول سیب‌های جدید را به قبلی‌ها اضافه می‌کنیم: ۲ + ۳ = ۵.",
    "id": "Pertama, kita tambahkan apel baru ke yang sudah ada: 2 + 3 = 5.",
}


def test_ours_are_as_the_library_has_them() -> None:
    """Names and scripts of the 23 agree with Unicode's, which calls Bengali Bangla."""
    from babel import Locale
    from babel.core import get_global

    for code, entry in load_languages().items():
        assert entry["name"] == Locale("en").languages[code] or code == "bn", code
        assert entry["script"] == get_global("likely_subtags")[code].split("_")[1], code


def test_others_come_from_the_library() -> None:
    assert about("he") == {"name": "Hebrew", "script": "Hebr", "endonym": "עברית"}
    assert (name_of("fi"), name_of("hi-Latn")) == ("Finnish", "hi-Latn")
    with pytest.raises(ValueError, match="unknown language 'xx'; give its ISO 639 code"):
        about("xx")


def test_an_entry_without_a_script_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "languages.yaml").write_text("he: {name: Hebrew}\n", encoding="utf-8")
    monkeypatch.setattr(languages, "LANGUAGES", tmp_path / "languages.yaml")
    load_languages.cache_clear()
    try:
        with pytest.raises(ValueError, match="languages.yaml: 'he': the key 'script' is missing"):
            load_languages()
    finally:
        load_languages.cache_clear()


@pytest.mark.parametrize("code", TRACES)
def test_traces_in_them_pass_and_english_ones_fail(code: str) -> None:
    identifier = LanguageIdentifier(["en", *TRACES])
    native, foreign = judge([TRACES[code], "First, we add the apples: 2 + 3 = 5."], [code, code], identifier)
    assert native.native and native.line_pass and native.word_pass and not native.foreign_script
    assert not foreign.native and not foreign.line_pass


def test_a_foreign_script_in_them_is_found() -> None:
    texts = [TRACES["he"], f"{TRACES['he']} Сначала сложим яблоки."]
    assert [one.run for one in find_foreign(take_apart(texts), ["he", "he"])] == [False, True]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("yi", r"\(Yiddish\).*: texts in its script are taken for 'he'"),
        ("dv", "its script, Thaa, is not known"),
        ("nb", "lid.176.ftz has no label for it"),
    ],
)
def test_what_cannot_be_named(code: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"the identifier cannot name '{code}' .*{why}"):
        check_named(["he", code])


def test_their_instructions() -> None:
    """One of the study's own, else a neutral English one; a phrasebook's is not touched."""

    def asked(language: str, kind: str = "math", **own: str) -> str:
        options = {"own": own} if own else {}
        return question_messages("?", language, kind, prompts=prompt_set(options))[0]["content"]

    assert asked("he", he="חשוב צעד אחר צעד.") == "חשוב צעד אחר צעד.\n?"
    assert asked("he", fi="x") == f"{NEUTRAL['math']}\n?"
    assert asked("he", "entailment") == f"{NEUTRAL['entailment']}\n?"
    assert "français" in asked("fr", he="x")
    assert not [text for text in NEUTRAL.values() if "English" in text or "\\boxed{}" not in text]
