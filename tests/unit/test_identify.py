"""Language identification: what it names, where it abstains, and what it does on real questions."""

import random
import re
import shutil
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernacular.language import identify as module
from vernacular.language.codeswitch import CHANGE, SENTENCE, code_switched, reading_gains, split_words
from vernacular.language.detectors import bundled_model, code_of_label
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import judge
from vernacular.language.languages import load_languages
from vernacular.language.mathematics import strip_formal, strip_math
from vernacular.language.parts import take_apart
from vernacular.language.words import count_words, decide_by_words
from vernacular.run import code as run_code

MGSM = Path(__file__).parents[3] / "shared/data/mgsm"
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

SENTENCES = {
    "en": "The farmer had twelve cows and sold three of them on Monday.",
    "bn": "কৃষকের বারোটি গরু ছিল এবং সোমবার তিনি তিনটি বিক্রি করেছেন।",
    "th": "ชาวนามีวัวสิบสองตัวและขายไปสามตัวในวันจันทร์",
    "sw": "Mkulima alikuwa na ng'ombe kumi na wawili na aliuza watatu siku ya Jumatatu.",
    "ja": "農夫は牛を十二頭飼っていて、月曜日に三頭を売りました。",
    "zh": "农夫有十二头牛，星期一卖掉了三头。",
    "de": "Der Bauer hatte zwölf Kühe und verkaufte am Montag drei davon.",
    "fr": "Le fermier avait douze vaches et en a vendu trois lundi.",
    "ru": "У фермера было двенадцать коров, и в понедельник он продал три.",
    "es": "El granjero tenía doce vacas y vendió tres el lunes.",
    "ar": "كان لدى المزارع اثنتا عشرة بقرة وباع ثلاثا منها يوم الاثنين.",
    "hi": "किसान के पास बारह गायें थीं और सोमवार को उसने तीन बेच दीं।",
    "ur": "کسان کے پاس بارہ گائیں تھیں اور پیر کو اس نے تین بیچ دیں۔",
    "vi": "Người nông dân có mười hai con bò và đã bán ba con vào thứ hai.",
    "pl": "Rolnik miał dwanaście krów i w poniedziałek sprzedał trzy z nich.",
    "nl": "De boer had twaalf koeien en verkocht er maandag drie van.",
    "it": "Il contadino aveva dodici mucche e lunedì ne ha vendute tre.",
    "pt": "O fazendeiro tinha doze vacas e vendeu três delas na segunda-feira.",
    "tr": "Çiftçinin on iki ineği vardı ve pazartesi günü üçünü sattı.",
    "el": "Ο αγρότης είχε δώδεκα αγελάδες και πούλησε τρεις τη Δευτέρα.",
    "bg": "Фермерът имаше дванадесет крави и продаде три от тях в понеделник.",
    "ko": "농부는 소 열두 마리를 키웠는데 월요일에 세 마리를 팔았습니다.",
    "te": "రైతు దగ్గర పన్నెండు ఆవులు ఉన్నాయి, సోమవారం మూడు అమ్మాడు.",
}


def test_languages_are_described() -> None:
    assert set(load_languages()) == set(SENTENCES)
    assert all(set(about) == {"name", "script", "flores", "endonym"} for about in load_languages().values())
    codes = {about["flores"] for about in load_languages().values()}
    assert len(codes) == len(SENTENCES) and all(re.fullmatch("[a-z]{3}_[A-Z][a-z]{3}", code) for code in codes)


def test_strip_math_removes_mathematics_and_keeps_words() -> None:
    assert strip_math(r"Also \boxed{42} und $x^2 + \frac{1}{2}$ Äpfel") == "Also und Äpfel"
    assert strip_math(r"\boxed{\text{cinq pommes}}") == "cinq pommes"
    assert strip_math("He pays $80 and then $50 more.") == "He pays and then more."
    assert strip_math("১২ টি আপেল + ๑๒ = १२ ½") == "টি আপেল"
    assert strip_math("une demi-heure, 3 - 2 = 1") == "une demi-heure,"
    assert strip_math(r"\begin{align} 2 \times 3 &= 6 \end{align}") == ""


@given(st.lists(st.text(alphabet="abcdefghijklmnoprstuvwéüñğ", min_size=2, max_size=8), min_size=1, max_size=20))
def test_strip_math_keeps_every_plain_word(words: list[str]) -> None:
    rng = random.Random(len(words))
    text = " ".join(f"{word} {rng.choice(['12', '+', '3 ×', '٣', '$5', '100 %', ''])}" for word in words)
    assert strip_math(text).split() == words


@pytest.mark.parametrize("piece", ["$", "\\text{", "\\a{", "{", "\\a ", "-", "1-", "$x", "\\", "a$b "])
def test_strip_math_takes_linear_time(piece: str) -> None:
    start = time.perf_counter()
    strip_math(piece * 100_000)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize("language", SENTENCES)
def test_names_each_language(identifier: LanguageIdentifier, language: str) -> None:
    assert identifier.identify([SENTENCES[language]]) == [language]


@pytest.mark.parametrize("text", ["", "   \n", "12345", "$5 + 7 = 12", r"\boxed{42}", "Mr.", "ᐃᓄᒃᑎᑐᑦ ᑎᑎᕋᐅᓯᖅ"])
def test_abstains_without_evidence(identifier: LanguageIdentifier, text: str) -> None:
    assert identifier.identify([text]) == [None]


def test_names_and_units_do_not_outvote_a_script(identifier: LanguageIdentifier) -> None:
    assert identifier.identify(
        ["ถ้า Granny Red และ Sally Thirtytwo อายุเท่ากัน", "约翰有 3 cm 的 iPhone 盒子", "Итак, iPhone Бена стоит 5 USD"]
    ) == ["th", "zh", "ru"]


def test_a_text_half_in_each_script_has_no_language(identifier: LanguageIdentifier) -> None:
    half = "we now have to add both of these numbers ดังนั้นเราต้องบวกจำนวนทั้งสองนี้เข้าด้วยกัน"
    assert identifier.identify([half]) == [None]


def test_greek_letters_in_capitals_do_not_make_a_text_greek(identifier: LanguageIdentifier) -> None:
    assert identifier.identify(["FIND THE SUM OF THE ANGLES α AND β IN THE BOX"]) == ["en"]


def test_near_languages_of_one_script(identifier: LanguageIdentifier) -> None:
    assert identifier.identify(["Колко ябълки има Мария сега?", "Сколько яблок у Марии теперь?"]) == ["bg", "ru"]
    assert identifier.identify(["她还剩多少个苹果？", "りんごは残り何個ですか。", "每公顷有 100 棵菠萝。"]) == [
        "zh",
        "ja",
        "zh",
    ]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        *(("Скорост = 60 км/ч", ["bg", None]), ("Лице = 24 см²", ["bg", None]), ("Chu vi: 20 m", ["vi", None])),
        *(("مرحلہ 1: مساوات", ["ur", None]), ("গতিকে সাতটা মাৰ্বল বাকী থাকিল।", ["as"])),
        *(("Nappe ronde en coton bio", ["fr", None]), ("Blanketi la sufi la watoto", ["sw", None])),
        *(
            ("Die lengte van die reghoek is drie keer die breedte.", ["af", None]),
            ("Yettita shar qoladi.", ["uz", None]),
        ),
        *(("tool el mostateel talat ad3af el 3ard.", [None]), ("Malli podavu vedalpuku moodu retlu.", [None])),
    ],
)
def test_short_lines_are_named_only_where_that_is_sure(
    identifier: LanguageIdentifier, text: str, names: list[str | None]
) -> None:
    assert identifier.identify([text])[0] in names


def test_whole_text_is_judged_not_its_start(identifier: LanguageIdentifier) -> None:
    assert identifier.identify(["Okay. " + " ".join([SENTENCES["de"]] * 5)]) == ["de"]


def test_a_long_text_is_measured_by_the_words_that_are_counted() -> None:
    """Of 40,000 words, a fifth common ones, words.MOST are counted: they decide as those of a short text do."""
    short, long = "which zorb zorb zorb zorb " * 10, "which zorb zorb zorb zorb " * 8_000
    assert decide_by_words(*count_words([short, long])) == ["en", "en"]


def test_other_languages_than_the_study_s_are_named() -> None:
    few = LanguageIdentifier(["fr", "ja", "ru"])
    assert few.identify(list(SENTENCES.values())) == list(SENTENCES)


def test_certainty_and_length_decide_on_abstention() -> None:
    strict = LanguageIdentifier(list(load_languages()), certainty=1.01)
    assert strict.identify(["Dan plante 3 rosiers.", SENTENCES["es"]]) == [None, "es"]
    assert LanguageIdentifier(["es", "pt"], min_letters=40).identify(["El perro come.", SENTENCES["es"]]) == [
        None,
        "es",
    ]


def test_construction_errors_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "model.bin"
    broken.write_bytes(b"not a model")
    with monkeypatch.context() as patch:
        patch.setattr(module, "load_fasttext", lambda path: (None, {"__label__en": "en"}))
        with pytest.raises(ValueError, match="no label for 'sw'") as lacking:
            LanguageIdentifier(["en", "sw"])
    with pytest.raises(ValueError, match="unknown language 'xx'") as unknown:
        LanguageIdentifier(["en", "xx"])
    with pytest.raises(ValueError, match="no such fastText model") as missing:
        LanguageIdentifier(["en"], model=str(tmp_path / "none.bin"))
    with pytest.raises(ValueError, match="not a fastText model") as unreadable:
        LanguageIdentifier(["en"], model=str(broken))
    assert not any("\n" in str(error.value) for error in (lacking, unknown, missing, unreadable))


def test_another_model_file_can_be_named(tmp_path: Path) -> None:
    copy = tmp_path / "other.ftz"
    shutil.copy(bundled_model(), copy)
    texts = ["Jean recoge duraznos", *SENTENCES.values()]
    named = LanguageIdentifier(list(SENTENCES), model=str(copy))
    assert named.identify(texts) == LanguageIdentifier(list(SENTENCES)).identify(texts)


def test_labels_of_other_models() -> None:
    labels = ["__label__en", "__label__eng_Latn", "__label__swh_Latn", "__label__cmn_Hani", "__label__jpn_Jpan"]
    assert [code_of_label(label) for label in labels] == ["en", "en", "sw", "zh", "ja"]
    assert [code_of_label(f"__label__{name}") for name in ("hin_Latn", "rus_Latn", "cat_Latn", "la")] == [
        None,
        None,
        "ca",
        "la",
    ]
    assert code_of_label("__label__kor_Hang") == "ko"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=8))
def test_wild_texts(identifier: LanguageIdentifier, texts: list[str]) -> None:
    found = identifier.identify(texts)
    assert len(found) == len(texts) and all(code is None or re.fullmatch("[a-z]{2,3}", code) for code in found)
    assert found == [identifier.identify([text])[0] for text in texts]
    assert len(code_switched(texts, identifier)) == len(texts)


def test_lone_surrogates_astral_letters_and_null_bytes(identifier: LanguageIdentifier) -> None:
    texts = ["\ud800" + SENTENCES["fr"], "𝒳𝒴 " + SENTENCES["ko"] + "\0", "\x00", "👍" * 9]
    assert identifier.identify(texts) == ["fr", "ko", None, None]


def test_decomposed_letters_are_read_as_composed(identifier: LanguageIdentifier) -> None:
    import unicodedata

    for code in ("vi", "fr", "ko"):
        assert identifier.identify([unicodedata.normalize("NFD", SENTENCES[code])]) == [code]


def test_lines(identifier: LanguageIdentifier) -> None:
    text = f"{SENTENCES['de']}\n\n  3 + 4 = 7  \n{SENTENCES['th']}\n"
    assert [one.lines for one in judge([text, ""], ["de", "de"], identifier)] == [
        [(SENTENCES["de"], "de"), ("3 + 4 = 7", None), (SENTENCES["th"], "th")],
        [],
    ]


@pytest.mark.parametrize("language", SENTENCES)
def test_code_switching(identifier: LanguageIdentifier, language: str) -> None:
    other = "sw" if language == "en" else "en"
    pure = " ".join([SENTENCES[language]] * 8)
    mixed = f"{SENTENCES[language]} {SENTENCES[other]}"
    assert code_switched([pure, mixed, SENTENCES[language], ""], identifier) == [False, True, False, False]


def test_gains_are_those_of_a_plain_search(identifier: LanguageIdentifier) -> None:
    """Each text by itself, word by word, in every reading's least cost."""
    texts = [
        "Deux pommes et three apples and more",
        "",
        "Он купил 3 книги. He bought books",
        "今日 is a good day",
        "un",
    ]
    distinct, places = split_words(take_apart([strip_formal(text) for text in texts]))
    found = reading_gains(distinct, places, identifier)
    for words, gain in zip([[distinct[place] for place in some] for some in places], found, strict=True):
        costs = [identifier.token_costs[word].tolist() for word in words]
        single = [sum(column) for column in zip(*costs, strict=True)] or [0.0]
        best = [0.0] * len(identifier.languages)
        for word, row in zip(words, costs, strict=True):
            change = min(best) + (SENTENCE if word.startswith("\0") else CHANGE)
            best = [min(cost, change) + more for cost, more in zip(best, row, strict=True)]
        assert gain == pytest.approx(min(single) - min(best), abs=1e-9)
    assert found.max() > 1 and found.min() == 0


def test_names_and_units_are_no_switch(identifier: LanguageIdentifier) -> None:
    assert code_switched(["ถ้า Granny Red สูง 30 cm และ Sally Thirtytwo สูง 40 cm ใครสูงกว่ากัน"], identifier) == [False]


def test_the_reward_can_afford_it(identifier: LanguageIdentifier) -> None:
    traces = list(SENTENCES.values()) * 6
    times = []
    for _ in range(5):
        start = time.perf_counter()
        identifier.identify(traces[:128])
        times.append(time.perf_counter() - start)
    assert min(times) < 0.03  # 1-2 ms on an idle core


def real_questions() -> list[tuple[str, str]]:
    if not MGSM.is_dir():
        pytest.skip(f"NO REAL DATA: {MGSM} is missing, so identification was not tested on MGSM")
    rows = [(path.stem[-2:], row) for path in sorted(MGSM.glob("*.tsv")) for row in path.read_text("utf-8").split("\n")]
    return [(row.rsplit("\t", 1)[0], language) for language, row in rows if row]


def test_real_questions(identifier: LanguageIdentifier) -> None:
    questions = real_questions()
    found = identifier.identify([text for text, _ in questions])
    wrong = [(text, truth, name) for (text, truth), name in zip(questions, found, strict=True) if name != truth]
    assert len(questions) == 2750 and len(wrong) <= 2, wrong


def test_real_questions_are_not_called_switched_and_spliced_ones_are(identifier: LanguageIdentifier) -> None:
    questions = real_questions()
    choice = random.Random(3)
    pure = choice.sample(questions, 200)
    pairs = [choice.sample(questions, 2) for _ in range(250)]
    spliced = [f"{a[: len(a) // 2]} {b[len(b) // 2 :]}" for (a, first), (b, second) in pairs if first != second]
    assert sum(code_switched([text for text, _ in pure], identifier)) <= 4
    assert sum(code_switched(spliced, identifier)) >= 0.93 * len(spliced)


def test_other_words_rerun_what_identifies(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = [
        run_code.SOURCE.parent / f"workflow/scripts/{name}.py" for name in ("score", "filter_traces", "pretrain")
    ]
    hashes = [run_code.code_hash.__wrapped__(script) for script in scripts]
    monkeypatch.setitem(run_code.DATA, "language/words.py", ["languages.yaml"])
    changed = [run_code.code_hash.__wrapped__(script) != old for script, old in zip(scripts, hashes, strict=True)]
    assert changed == [True, True, False]
