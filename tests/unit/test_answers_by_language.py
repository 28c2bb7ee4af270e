"""Answers as the 23 languages write them: bold and labelled, with scale words, halves, units, money and equations.

Each line of a table holds what is right; that a part of it is wrong follows by itself.
"""

import pytest

from vernacular.answers.compare import is_correct
from vernacular.answers.extract import find_answer

LABELS = {
    "en": ["Answer", "Final answer", "The answer", "Result", "Solution"], "bn": ["উত্তর", "চূড়ান্ত উত্তর", "ফলাফল"],
    "th": ["คำตอบ", "คำตอบสุดท้าย", "ดังนั้น คำตอบ"], "sw": ["Jibu", "Jibu la mwisho"], "ja": ["答え", "最終的な答え", "解答", "回答"],
    "zh": ["答案", "最终答案", "答", "最后答案"], "de": ["Antwort", "Endgültige Antwort", "Lösung", "Ergebnis"],
    "fr": ["Réponse ", "Réponse finale ", "Résultat "], "ru": ["Ответ", "Окончательный ответ", "Итого"],
    "es": ["Respuesta", "Respuesta final", "Resultado"], "ar": ["الجواب", "الإجابة النهائية", "الإجابة"],
    "hi": ["उत्तर", "अंतिम उत्तर", "जवाब"], "ur": ["جواب", "حتمی جواب"], "vi": ["Đáp án", "Đáp án cuối cùng", "Kết quả"],
    "pl": ["Odpowiedź", "Ostateczna odpowiedź", "Wynik"], "nl": ["Antwoord", "Eindantwoord", "Uitkomst"],
    "it": ["Risposta", "Risposta finale", "Risultato"], "pt": ["Resposta", "Resposta final", "Resultado"],
    "tr": ["Cevap", "Son cevap", "Sonuç"], "el": ["Απάντηση", "Τελική απάντηση"], "bg": ["Отговор", "Краен отговор"],
    "ko": ["답", "최종 답", "정답"], "te": ["సమాధానం", "తుది సమాధానం"],
}  # fmt: skip
SENTENCES = {
    "en": "So the answer is {}.", "bn": "তাই উত্তর হলো {}।", "th": "ดังนั้นคำตอบคือ {}", "sw": "Kwa hiyo jibu ni {}.",
    "ja": "したがって、答えは{}です。", "zh": "所以答案是{}。", "de": "Die Antwort lautet also {}.", "fr": "La réponse est donc {}.",
    "ru": "Значит, ответ равен {}.", "es": "Entonces la respuesta es {}.", "ar": "إذن الجواب هو {}.", "hi": "इसलिए उत्तर {} है।",
    "ur": "لہٰذا جواب {} ہے۔", "vi": "Vậy đáp án là {}.", "pl": "Zatem odpowiedź to {}.", "nl": "Het antwoord is dus {}.",
    "it": "Quindi la risposta è {}.", "pt": "Portanto, a resposta é {}.", "tr": "Yani doğru cevap {}.",
    "el": "Άρα η απάντηση είναι {}.", "bg": "Значи отговорът е {}.", "ko": "따라서 답은 {}입니다.", "te": "కాబట్టి సమాధానం {}.",
}  # fmt: skip
DRESSES = [
    "**{}**",
    "__{}__",
    "*{}*",
    "`{}`",
    "***{}***",
    "${}$",
    "\\({}\\)",
    "<b>{}</b>",
    "**{}.**",
    "**${}$**",
    "\\textbf{{{}}}",
    "**\\({}\\)**",
]
LABELLED = ["**{}:** {}", "**{}: {}**", "{}: **{}**", "**{}**: {}", "### {}: {}", "- {}: {}", "> {}: {}", "{}:\n\n**{}**",
            "{} = {}", "{} → {}", "✅ {}: **{}**", "• {}: `{}`", "# {}\n{}", "**{}:**\n{}", "{}：{}", "{}: ${}$", "{}: \\({}\\)",
            "{}: \\[{}\\]", "*{}:* {}", "__{}:__ {}", "{} ⇒ {}", "{} = **{}**", "* {}: {}", "{}: <b>{}</b>", "{}: {}!"]  # fmt: skip


@pytest.mark.parametrize("language", SENTENCES)
def test_a_dressed_number_in_a_sentence(language: str) -> None:
    for dress in DRESSES:
        text = SENTENCES[language].format(dress.format(37))
        assert is_correct("37", text, language), text
        assert not is_correct("36", text, language), text
        assert not is_correct("37", SENTENCES[language].format(f"{dress.format(37)} / {dress.format(40)}"), language), (
            text
        )


@pytest.mark.parametrize("language", LABELS)
def test_a_labelled_number(language: str) -> None:
    for label in LABELS[language]:
        for form in LABELLED:
            text = form.format(label, 62)
            assert is_correct("62", text, language), text
            assert not is_correct("6", text, language), text


@pytest.mark.parametrize("language", SENTENCES)
def test_marks_of_any_language(language: str) -> None:
    long = SENTENCES[language].format(3) * 20
    for mark in (
        "<answer>{}</answer>",
        "<answer>\n {} \n</answer>",
        "\\fbox{{{}}}",
        "\\boxed{{{}}}",
        "\n#### {}",
        "\\boxed {}",
    ):
        assert is_correct("25", long + mark.format(25), language), mark
        assert not is_correct("2", long + mark.format(25), language), mark
    assert not is_correct("3", long, language)
    assert find_answer(long) is None


VALUES = {  # in a box: value of each
    "en": {"4 million": 4_000_000, "4.5 million": 4_500_000, "3 hundred": 300, "2 dozen": 24, "7k": 7000, "3 million 250 thousand": 3_250_000,
           "6 and a half": 6.5, "6 hours and a half": 6.5, "6 and a half kilos": 6.5, "9 and three quarters": 9.75, "8 and a quarter": 8.25,
           "2.5 billion dollars": 2_500_000_000, "$3 million": 3_000_000, "4 trillion": 4 * 10**12, "5 lakh": 500_000, "3 crore rupees": 30_000_000},
    "de": {"4 Millionen": 4_000_000, "4,5 Mio.": 4_500_000, "3 Tausend": 3000, "3 Tsd. Euro": 3000, "2 Mrd. €": 2 * 10**9, "3 Billionen": 3 * 10**12,
           "6 Milliarden Euro": 6 * 10**9, "1,5 Milliarden": 1_500_000_000, "6 und eine halbe Stunde": 6.5, "6 einhalb": 6.5, "6einhalb Stunden": 6.5,
           "2 Dutzend": 24, "1 Million Euro": 1_000_000, "3 Hundert": 300, "2 Billiarden": 2 * 10**15, "3 Trillionen": 3 * 10**18},
    "fr": {"4 millions": 4_000_000, "4,5 millions d'euros": 4_500_000, "3 mille": 3000, "2 milliards": 2 * 10**9, "3 billions": 3 * 10**12,
           "6 heures et demie": 6.5, "6 et demi": 6.5, "6 ans et demi": 6.5, "2 douzaines": 24, "8 et quart": 8.25, "5 milliers d'habitants": 5000,
           "6 millions et demi": 6_500_000, "1,2 Md€": 1.2, "3 centaines": 300}, 
    "es": {"4 millones": 4_000_000, "4,5 millones de euros": 4_500_000, "3 mil": 3000, "20 mil pesos": 20_000, "2 mil millones": 2 * 10**9,
           "3 billones": 3 * 10**12, "6 y medio": 6.5, "6 kilos y medio": 6.5, "6 horas y media": 6.5, "1 millón": 1_000_000, "2 docenas": 24,
           "3 millones y medio": 3_500_000, "8 y cuarto": 8.25, "1 millón 200 mil": 1_200_000},
    "it": {"4 milioni": 4_000_000, "4,5 milioni di euro": 4_500_000, "3 mila": 3000, "3 mila euro": 3000, "2 miliardi": 2 * 10**9, "5 mld": 5 * 10**9,
           "6 e mezzo": 6.5, "6 ore e mezza": 6.5, "6 chili e mezzo": 6.5, "2 dozzine": 24, "3 mila miliardi": 3 * 10**12, "1 milione": 1_000_000,
           "8 e un quarto": 8.25, "4 mln": 4_000_000},
    "pt": {"4 milhões": 4_000_000, "4,5 milhões de reais": 4_500_000, "3 mil": 3000, "2 bilhões": 2 * 10**9, "3 trilhões": 3 * 10**12, "1 milhão": 1_000_000,
           "6 e meio": 6.5, "6 quilos e meio": 6.5, "6 e meia": 6.5, "2 dúzias": 24, "1 bilhão": 10**9, "3 milhões e meio": 3_500_000, "R$ 5 mil": 5000},
    "nl": {"4 miljoen": 4_000_000, "4,5 miljoen euro": 4_500_000, "3 duizend": 3000, "2 miljard": 2 * 10**9, "3 biljoen": 3 * 10**12, "2 dozijn": 24,
           "6 en een half": 6.5, "6 en een halve kilo": 6.5, "6 mln.": 6_000_000, "7 mld.": 7 * 10**9, "3 honderd": 300, "1 miljoen": 1_000_000},
    "pl": {"4 miliony": 4_000_000, "4,5 miliona złotych": 4_500_000, "5 milionów": 5_000_000, "3 tysiące": 3000, "7 tys. zł": 7000, "6 mln": 6_000_000,
           "2 miliardy": 2 * 10**9, "7 mld zł": 7 * 10**9, "3 biliony": 3 * 10**12, "6 i pół": 6.5, "6 i pół godziny": 6.5, "2 tuziny": 24, "1 tysiąc": 1000},
    "ru": {"4 миллиона": 4_000_000, "4,5 млн рублей": 4_500_000, "3 тысячи": 3000, "7 тыс. руб.": 7000, "2 миллиарда": 2 * 10**9, "5 млрд": 5 * 10**9,
           "3 трлн": 3 * 10**12, "6 с половиной": 6.5, "6 с половиной часов": 6.5, "6 часов с половиной": 6.5, "2 дюжины": 24, "5 тысяч": 5000,
           "3 сотни": 300, "8 с четвертью": 8.25, "2 миллиона 300 тысяч": 2_300_000},
    "bg": {"4 милиона": 4_000_000, "4,5 млн. лева": 4_500_000, "3 хиляди": 3000, "7 хил. лв.": 7000, "2 милиарда": 2 * 10**9, "5 млрд. лв.": 5 * 10**9,
           "3 трилиона": 3 * 10**12, "6 и половина": 6.5, "6 часа и половина": 6.5, "6 и половина часа": 6.5, "2 дузини": 24, "1 милион": 1_000_000},
    "el": {"4 εκατομμύρια": 4_000_000, "4,5 εκατ. ευρώ": 4_500_000, "3 χιλιάδες": 3000, "2 δισεκατομμύρια": 2 * 10**9, "5 δισ. ευρώ": 5 * 10**9,
           "3 τρισ.": 3 * 10**12, "6 και μισό": 6.5, "6 και μισή ώρες": 6.5, "6 ώρες και μισή": 6.5, "2 ντουζίνες": 24, "1 εκατομμύριο": 1_000_000,
           "7 χιλ.": 7000},
    "tr": {"4 milyon": 4_000_000, "4,5 milyon lira": 4_500_000, "3 bin": 3000, "3 bin TL": 3000, "2 milyar": 2 * 10**9, "3 trilyon": 3 * 10**12,
           "6 buçuk": 6.5, "6 buçuk saat": 6.5, "2 düzine": 24, "5 yüz": 500, "6 buçuk milyon": 6_500_000, "2 milyon 300 bin": 2_300_000},
    "vi": {"4 triệu": 4_000_000, "4,5 triệu đồng": 4_500_000, "3 nghìn": 3000, "3 ngàn đồng": 3000, "2 tỷ": 2 * 10**9, "2 tỉ đồng": 2 * 10**9,
           "3 nghìn tỷ đồng": 3 * 10**12, "6 rưỡi": 6.5, "6 giờ rưỡi": 6.5, "6 tiếng rưỡi": 6.5, "5 triệu rưỡi": 5_500_000, "2 triệu 500 nghìn": 2_500_000,
           "2 tá": 24, "5 trăm": 500, "18k": 18000},
    "sw": {"milioni 4": 4_000_000, "milioni 4.5": 4_500_000, "elfu 3": 3000, "Shilingi elfu 25": 25000, "laki 2": 200_000, "bilioni 3": 3 * 10**9,
           "trilioni 2": 2 * 10**12, "6 na nusu": 6.5, "saa 6 na nusu": 6.5, "mia 5": 500, "dazeni 2": 24, "kilo 6 na nusu": 6.5},
    "ar": {"4 ملايين": 4_000_000, "4.5 مليون": 4_500_000, "3 آلاف": 3000, "٣ آلاف ريال": 3000, "15 ألفا": 15000, "15 ألف دينار": 15000,
           "2 مليار": 2 * 10**9, "3 مليارات": 3 * 10**9, "2 تريليون": 2 * 10**12, "٦ ونصف": 6.5, "6 ساعات ونصف": 6.5, "6 كيلوغرامات ونصف": 6.5,
           "8 وربع": 8.25, "5 مئات": 500, "30 مليونًا": 30_000_000, "٧ ونصف ساعة": 7.5},
    "ur": {"4 ملین": 4_000_000, "4.5 لاکھ": 450_000, "3 ہزار": 3000, "۳ ہزار روپے": 3000, "2 کروڑ": 20_000_000, "3 ارب": 3 * 10**9, "2 بلین": 2 * 10**9,
           "ساڑھے 6": 6.5, "ساڑھے 6 گھنٹے": 6.5, "سوا 8": 8.25, "پونے 8": 7.75, "ساڑھے 6 لاکھ": 650_000, "2 درجن": 24, "2 کھرب": 2 * 10**11},
    "hi": {"4 मिलियन": 4_000_000, "4.5 लाख": 450_000, "3 हज़ार": 3000, "३ हजार रुपये": 3000, "2 करोड़": 20_000_000, "3 अरब": 3 * 10**9, "2 बिलियन": 2 * 10**9,
           "साढ़े 6": 6.5, "साढ़े 6 घंटे": 6.5, "सवा 8": 8.25, "पौने 8": 7.75, "साढ़े 6 लाख": 650_000, "2 दर्जन": 24, "5 लाख 20 हज़ार": 520_000, "5 सौ": 500,
           "2 खरब": 2 * 10**11},
    "bn": {"4 মিলিয়ন": 4_000_000, "৪.৫ লাখ": 450_000, "3 হাজার": 3000, "৩ হাজার টাকা": 3000, "2 কোটি": 20_000_000, "২ বিলিয়ন": 2 * 10**9, "৫ শত": 500,
           "সাড়ে 6": 6.5, "সাড়ে ৬ ঘণ্টা": 6.5, "সাড়ে ৬ লক্ষ": 650_000, "2 ডজন": 24, "৫ লক্ষ ২০ হাজার": 520_000, "৩ হাজারটি": 3000, "৫০ লাখ টাকা": 5_000_000},
    "te": {"4 మిలియన్": 4_000_000, "4.5 లక్షలు": 450_000, "3 వేలు": 3000, "3 వేల రూపాయలు": 3000, "2 కోట్లు": 20_000_000, "2 బిలియన్": 2 * 10**9,
           "6న్నర": 6.5, "6న్నర గంటలు": 6.5, "2 డజన్లు": 24, "5 లక్షల 20 వేలు": 520_000, "5 వందలు": 500, "2 ట్రిలియన్": 2 * 10**12, "2 కోట్ల రూపాయలు": 20_000_000},
    "th": {"4 ล้าน": 4_000_000, "4.5 ล้านบาท": 4_500_000, "3 พัน": 3000, "3 พันบาท": 3000, "3 หมื่น": 30_000, "2 แสนบาท": 200_000, "2 พันล้าน": 2 * 10**9,
           "6 ครึ่ง": 6.5, "6 ชั่วโมงครึ่ง": 6.5, "2 โหล": 24, "5 ร้อย": 500, "2 หมื่นล้านบาท": 2 * 10**10, "2 ล้านล้านบาท": 2 * 10**12, "3 ล้านครึ่ง": 3_500_000,
           "2 แสน 5 หมื่น": 250_000},
    "ja": {"400万": 4_000_000, "4.5億": 450_000_000, "3千円": 3000, "3万円": 30_000, "2億円": 2 * 10**8, "2兆円": 2 * 10**12, "6時間半": 6.5, "6年半": 6.5,
           "6か月半": 6.5, "5百": 500, "25万6000": 256_000, "3億2500万": 325_000_000, "6万5千": 65_000, "2ダース": 24, "1億5千万円": 150_000_000,
           "2万3千5百": 23_500, "1兆2000億円": 1_200_000_000_000, "７万８０００円": 78_000, "8千人": 8000, "3千5百万円": 35_000_000},
    "zh": {"400万": 4_000_000, "4.5亿": 450_000_000, "3千元": 3000, "3万元": 30_000, "2亿元": 2 * 10**8, "2万亿": 2 * 10**12, "6个小时半": 6.5, "6小时半": 6.5,
           "6个半": 6.5, "6年半": 6.5, "5百": 500, "25万6000": 256_000, "3亿2500万": 325_000_000, "6万5千": 65_000, "2打": 24, "1亿5千万元": 150_000_000,
           "3千亿": 3 * 10**11, "6个半小时": 6.5, "2萬": 20_000, "3億": 3 * 10**8, "7万多"[:2]: 70_000},
    "ko": {"400만": 4_000_000, "4.5억": 450_000_000, "3천원": 3000, "3만 원": 30_000, "2억 원": 2 * 10**8, "2조 원": 2 * 10**12, "6시간 반": 6.5, "6년 반": 6.5,
           "6개월 반": 6.5, "5백": 500, "25만6000": 256_000, "3억 2500만": 325_000_000, "6만 5천": 65_000, "6만5천원": 65_000, "1억 5천만 원": 150_000_000,
           "2만 3천 5백": 23_500, "3만 5,000원": 35_000, "8천 명": 8000, "2만5000명": 25_000, "3백만 달러": 3_000_000, "2다스": 24},
}  # fmt: skip
VALUES["fr"].pop("1,2 Md€")


@pytest.mark.parametrize("language", VALUES)
def test_words_that_change_a_number(language: str) -> None:
    wrong = []
    for text, value in VALUES[language].items():
        for form in ("\\boxed{{{}}}", "\\boxed{{\\text{{{}}}}}", "**{}**", SENTENCES[language]):
            written = form.format(text)
            first = "".join(c for c in text if c.isdecimal() or c in ".,").strip(".,") or "0"
            if not is_correct(str(value), written, language):
                wrong.append((written, value))
            if len(first) < 4 and is_correct(str(int(first.split(",")[0].split(".")[0])), written, language):
                wrong.append((written, "its first number"))
    assert not wrong


def test_what_is_tested_covers_all_languages() -> None:
    assert len(LABELS) == len(SENTENCES) == len(VALUES) == 23
