"""Runs and clauses of a foreign script within a line, and clauses of another language in the same script."""

import pytest

from vernacular.language.foreign import Foreign, find_foreign
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import judge
from vernacular.language.parts import take_apart

CHINESE = [
    "所以每个人得到三支铅笔。",
    "因此答案是十二。",
    "然後我們把這兩個數加起來。",
    "他一共买了五本书，花了三十块钱。",
]
LINES = {
    "ko": ("먼저 연필을 셉니다.", "그래서 세 자루씩 받습니다."),
    "ja": ("まず、鉛筆を数えます。", "したがって、一人三本ずつもらえます。"),
    "ru": ("Сначала посчитаем карандаши.", "Значит, каждый получит по три."),
    "bg": ("Първо броим моливите.", "Значи всеки получава по три."),
    "ar": ("أولا نعد الأقلام.", "إذن يحصل كل واحد على ثلاثة."),
    "ur": ("پہلے ہم پنسلیں گنتے ہیں۔", "اس لیے ہر ایک کو تین ملتی ہیں۔"),
    "hi": ("पहले हम पेंसिलें गिनते हैं।", "इसलिए हर एक को तीन मिलती हैं।"),
    "bn": ("প্রথমে আমরা পেন্সিল গুনি।", "তাই প্রত্যেকে তিনটি করে পায়।"),
    "te": ("ముందుగా పెన్సిళ్లను లెక్కిద్దాం.", "కాబట్టి ప్రతి ఒక్కరికి మూడు వస్తాయి."),
    "th": ("ก่อนอื่นเรานับดินสอ", "ดังนั้นแต่ละคนได้สามแท่ง"),
    "el": ("Πρώτα μετράμε τα μολύβια.", "Άρα ο καθένας παίρνει τρία."),
    "fr": ("On compte d'abord les crayons.", "Chacun en reçoit donc trois."),
    "vi": ("Trước tiên ta đếm bút chì.", "Vậy mỗi người được ba cây."),
    "sw": ("Kwanza tunahesabu penseli zote.", "Kwa hiyo kila mtu anapata tatu."),
}


@pytest.mark.parametrize("chinese", CHINESE)
@pytest.mark.parametrize("language", LINES)
def test_a_chinese_clause_within_a_line_is_a_switch(
    identifier: LanguageIdentifier, language: str, chinese: str
) -> None:
    first, second = LINES[language]
    for line in (f"{chinese} {second}", f"{second} {chinese}"):
        [judged] = judge([f"{first}\n{line}"], [language], identifier)
        assert judged.code_switched and judged.foreign_script and not judged.line_pass


@pytest.mark.parametrize("language", LINES)
def test_pure_lines_hold_nothing_foreign(identifier: LanguageIdentifier, language: str) -> None:
    [judged] = judge(["\n".join(LINES[language])], [language], identifier)
    assert judged.line_pass and judged.word_pass and not judged.code_switched and not judged.foreign_script


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("fr", "l'angle α et l'angle β", Foreign()),
        ("fr", "Elle achète des 铅笔 au marché", Foreign(True, False)),
        ("fr", "Elle dit привет à sa mère", Foreign(True, False)),
        ("fr", "Elle dit сколько стоит этот карандаш à sa mère", Foreign(True, True)),
        ("ko", "수학(數學) 문제", Foreign(True, False)),
        ("ko", "한국어 문장과 Seoul 그리고 3 km", Foreign()),
        ("ja", "連立方程式計算結果一覧表", Foreign()),
        ("ja", "まず计算します", Foreign(True, False)),
        ("zh", "他喜欢吃カレー", Foreign(True, False)),
        ("zh", "首先，私はりんごを三個買いました。", Foreign(True, True)),
        ("zh", "繁體字和简体字", Foreign()),
        ("ar", "قال مرحبا hello", Foreign()),
        ("en", "the Thai word ขอบคุณ", Foreign(True, False)),
        ("en", "he said ดังนั้นแต่ละคนได้สามแท่ง to them", Foreign(True, True)),
        ("ru", "", Foreign()),
    ],
)
def test_runs_and_clauses(language: str, text: str, found: Foreign) -> None:
    assert find_foreign(take_apart([text]), [language]) == [found]


@pytest.mark.parametrize(
    ("language", "trace"),
    [
        ("fr", "On compte les crayons. So each of them gets three pencils. Donc chacun en a trois."),
        ("de", "Wir zählen die Stifte. Let me check this once more. Jeder bekommt also drei."),
        ("it", "Contiamo le matite. Entonces cada uno recibe tres lápices. Quindi ne hanno tre."),
        ("ja", "鉛筆を数えます。So each of them gets three pencils. 答えは三本です。"),
        ("ru", "Посчитаем карандаши. So each of them gets three pencils. Каждому по три."),
        ("tr", "Kalemleri sayalım. So each of them gets three pencils. Herkes üç tane alır."),
    ],
)
def test_a_sentence_of_another_language_within_a_line(
    identifier: LanguageIdentifier, language: str, trace: str
) -> None:
    [judged] = judge([trace], [language], identifier)
    assert judged.code_switched and not judged.line_pass and (judged.switched_lines or judged.foreign_line)


@pytest.mark.parametrize(
    ("language", "trace"),
    [
        ("de", "Das Team hat um 9 Uhr ein Meeting, danach gibt es ein Update im Newsletter."),
        ("fr", "Emma achète un smartphone et un sweat dans un outlet pour le week-end."),
        ("vi", "Lan mua một chiếc smartphone và một cái laptop ở Big C."),
        ("es", "Pablo compra un smartwatch y unos jeans en Burger Queen Center."),
        ("it", "Giulia ha comprato un computer, un mouse e un hard disk nello shop online."),
        ("nl", "Het team had een meeting over de deadline en stuurde een e-mail."),
        ("ja", "Samさんは iPhone を3台と MacBook を1台買いました。"),
        ("hi", "राहुल ने बाज़ार से एक laptop और दो mobile खरीदे।"),
        ("ru", "Анна купила iPhone и MacBook Pro в магазине Apple Store."),
    ],
)
def test_loan_words_and_brands_are_no_switch(identifier: LanguageIdentifier, language: str, trace: str) -> None:
    [judged] = judge([trace], [language], identifier)
    assert judged.line_pass and not judged.code_switched
