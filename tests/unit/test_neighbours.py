"""Lines and traces beside the usual: neighbours, names, one-line code, kanji, short foreign sentences within a line."""

import pytest

from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import judge
from vernacular.language.languages import load_languages

PLAIN = {
    "de": ["Emma verkauft den Rest an Łukasz.", "Stimmt das wirklich?", "Das Rechteck ist doppelt so lang wie bre"],
    "fr": ["Jürgen et Zoë partagent l'addition.", "Est-ce bien exact ?", "On divise les deux membres par 4."],
    "es": ["Emma vende el resto a Łukasz.", "¿Será correcto?", "Ojo, el enunciado dice por semana."],
    "pt": ["Espera, o enunciado diz por semana.", "Quantas sobram?"],
    "it": ["Jürgen e Zoë dividono il conto.", "Bene, funziona.", "Le rimangono nove biglie."],
    "nl": ["Zoë en François delen de rekening.", "Klopt dat wel?", "Tel beide bedragen op."],
    "pl": ["Zoë i François dzielą rachunek.", "Pociąg odjechał w południe."],
    "tr": ["Emma kalanını Łukasz'a satıyor.", "Dokuzu kırmızıdır."],
    "sw": ["Amebakiwa na gololi tisa."],
    "ru": ["Стоп, в условии сказано в неделю.", "Хорошо, подходит."],
    "bg": ["Остават ѝ девет топчета.", "Добре, става."],
    "ar": ["بقي لديها تسع كرات.", "نجمع المبلغين."],
    "ur": ["ہر قطار میں چھ کرسیاں ہیں۔", "فی قلم قیمت چار روپے ہے۔"],
    "hi": ["प्रत्‍येक बच्‍चे को पाँच मिठाई।", "उसके पास नौ कंचे बचते हैं।"],
    "zh": [
        "他走了三公里",
        "小明有五个苹果",
        "男生比女生多三人",
        "解得 x = 9",
        "由此可知",
        "請問一共多少錢",
        "不是这样",
    ],
    "ja": ["小さい数から試そう。", "これで正しい？", "待って、問題文には一週間とある。"],
}
NONE = [
    "New York", "São Paulo: 12", "Rio de Janeiro", "Windows 11 Pro", "Nguyễn Văn An: 5", "tan θ = 3/4",
    "if (n > 5) { return n; }", "while True:", "result = sum(x for x in items)", "SELECT * FROM t WHERE id = 3;",
    "for (auto v : vec) sum += v;", "import { useState } from 'react';", '<div class="a">18</div>',
    "Istanna, el so2al 3an el usbu3.", "Ta ypoloipa ta poulise stin agora.", "Ostanaloto prodade na pazara.",
]  # fmt: skip
KANJI = [
    "前年比増加率", "残金 = 五百円", "料金：大人二枚、子供三枚", "検算終了", "男女比 3:2", "他社比較", "是正額",
]  # fmt: skip
NEIGHBOURS = {
    "su": ["Jadi jawabanana nyaéta tujuh.", "Unggal budak meunang lima permen."],
    "uk": ["У кожному ряду шість стільців.", "Решту вона продала на ринку."],
    "mk": ["Му останаа пет денари.", "Остатокот го продала на пазар."],
    "cv": ["Малтан миҫе панулми юлнине шутлатпӑр."],
    "os": ["Алы сывӕллон дӕр райсы фондз къафетты."],
    "ca": ["Sigui x el nombre de bales d'en Pau.", "El tren va a 60 km per hora."],
    "af": ["Hoeveel leerders is daar in die klas?", "Die trein ry teen 60 km per uur."],
    "sv": ["Tåget kör 60 km i timmen."],
    "lb": ["Waart, an der Aufgab steet pro Woch.", "An all Rei sti sechs Still."],
    "ga": ["Fan, deir an cheist in aghaidh na seachtaine."],
    "az": ["Bir daha yoxlayaq.", "Qalanını bazarda satdı."],
    "ln": ["Mwana mokomoko azwi babombo mitano."],
    "zu": ["Bese siphindaphinda ngeshumi nambili."],
    "qu": ["Sapa wawa pichqa misk'ita chaskin."],
    "scn": ["Ogni picciriddu arricevi cincu caramelli."],
    "pnb": ["ہر بچے نوں پنج ٹافیاں ملدیاں نیں۔", "ہر قطار وچ چھ کرسیاں نیں۔"],
    "ps": ["راځئ بیا یې وګورو."],
    "fa": ["فرض کنید x تعداد تیله‌ها باشد."],
    "ne": ["त्यसपछि हामी बाह्रले गुणन गर्छौं।", "फेरि जाँचौं।"],
    "bho": ["हर लइका के पाँच गो मिठाई मिलेला।"],
    "kok": ["मागीर आमी बारान गुणतात."],
}


@pytest.mark.parametrize("language", PLAIN)
def test_short_plain_lines_are_named(identifier: LanguageIdentifier, language: str) -> None:
    found = identifier.identify(PLAIN[language])
    assert found == [language] * len(found)


@pytest.mark.parametrize("text", NONE)
def test_what_has_no_language_is_not_named(identifier: LanguageIdentifier, text: str) -> None:
    assert identifier.identify([text]) == [None]


@pytest.mark.parametrize("text", KANJI)
def test_kanji_are_not_chinese(identifier: LanguageIdentifier, text: str) -> None:
    assert identifier.identify([text])[0] in {"ja", None}


@pytest.mark.parametrize("language", NEIGHBOURS)
def test_a_neighbour_is_none_of_the_languages_asked_for(identifier: LanguageIdentifier, language: str) -> None:
    for found in identifier.identify(NEIGHBOURS[language]):
        assert found not in load_languages()


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("de", "Er spart jeden Monat Geld. Beide bussen komen tegelijk aan. Jetzt teilen wir durch 4."),
        ("es", "Dividimos ambos lados entre 4. Oba autobusy przyjeżdżają razem. Ahorra dinero."),
        ("tr", "Her ay para biriktiriyor. 양변을 4로 나눕니다. Tren öğlen kalktı."),
        ("en", "Now divide both sides by 4 again. したがって x = 7 である。 The farmer has 12 more cows than sheep."),
        ("te", "రైలు మధ్యాహ్నం బయలుదేరింది. Der Zug fuhr mittags los. ఇది సరైనదేనా?"),
        ("th", "รถไฟออกตอนเที่ยง In jeder Reihe stehen sechs Stühle. ถูกต้องไหม"),
        ("ru", "Оба автобуса прибывают вместе. Двата автобуса пристигат заедно. Верно ли это?"),
        ("ja", "本の数を数えます。答案正确。答えは十二冊です。"),
        ("ja", "彼女にはビー玉が九個残る。 แต่ละแถวมีเก้าอี้หกตัว 両辺を4で割る。"),
        ("ko", "먼저 책의 수를 셉니다. 答案正确。 답은 열두 권입니다."),
    ],
)
def test_a_short_foreign_sentence_within_a_line(identifier: LanguageIdentifier, language: str, line: str) -> None:
    [judged] = judge([line], [language], identifier)
    assert judged.code_switched and not judged.line_pass


def test_a_foreign_line_is_a_switch(identifier: LanguageIdentifier) -> None:
    for line in ("We delen beide kanten door 4.", "Elinde dokuz bilye kalıyor.", "ถูกต้องไหม"):
        [judged] = judge([f"Both buses arrive together.\n{line}\nIt costs $3 more."], ["en"], identifier)
        assert judged.code_switched and not judged.line_pass


@pytest.mark.parametrize(
    ("language", "trace"),
    [
        (
            "tr",
            "Ayşe: 5, Mehmet: 8\nToplam 13 kitap var.\nwhile True:\nDemek ki cevap 13.\nParis, New York, İstanbul",
        ),
        ("es", "| día | páginas |\n|---|---|\n| lunes | 5 |\nLuis leyó 13 páginas.\nif (n > 5) { return n; }\nEUR 13"),
        ("ru", "| имя | число |\n|---|---|\n| Tom | 5 |\nfor i in range(5): print(i)\nВсего 13 книг.\niPhone 15 Pro"),
        ("ja", "椅子の数をnとする。\n列数：r\nn = 6r\nよって r = 7、n = 42。\n検算完了\n以上より四十二脚"),
        (
            "nl",
            "Laat n het aantal stoelen zijn.\nn = 6r\nDus r = 7.\nControle: 42 / 6 = 7 ✓",
        ),
    ],
)
def test_pure_traces_pass(identifier: LanguageIdentifier, language: str, trace: str) -> None:
    [judged] = judge([trace], [language], identifier)
    assert judged.line_pass and not judged.code_switched, judged.lines
