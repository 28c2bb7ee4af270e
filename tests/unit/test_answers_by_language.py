"""Answers as the 23 languages write them: bold and labelled, with scale words, halves, units, money and equations.

A line of answers_by_language.tsv holds what is right; that its first number alone is wrong follows by itself.
"""

import csv
from pathlib import Path

import pytest

from vernacular.answers.compare import is_correct
from vernacular.answers.extract import find_answer

LABELS = {
    "en": ["Answer", "Final answer", "The answer", "Result", "Solution"],
    "bn": ["উত্তর", "চূড়ান্ত উত্তর", "ফলাফল"],
    "th": ["คำตอบ", "คำตอบสุดท้าย", "ดังนั้น คำตอบ"],
    "sw": ["Jibu", "Jibu la mwisho"],
    "ja": ["答え", "最終的な答え", "解答", "回答"],
    "zh": ["答案", "最终答案", "答", "最后答案"],
    "de": ["Antwort", "Endgültige Antwort", "Lösung", "Ergebnis"],
    "fr": ["Réponse ", "Réponse finale ", "Résultat "],
    "ru": ["Ответ", "Окончательный ответ", "Итого"],
    "es": ["Respuesta", "Respuesta final", "Resultado"],
    "ar": ["الجواب", "الإجابة النهائية", "الإجابة"],
    "hi": ["उत्तर", "अंतिम उत्तर", "जवाब"],
    "ur": ["جواب", "حتمی جواب"],
    "vi": ["Đáp án", "Đáp án cuối cùng", "Kết quả"],
    "pl": ["Odpowiedź", "Ostateczna odpowiedź", "Wynik"],
    "nl": ["Antwoord", "Eindantwoord", "Uitkomst"],
    "it": ["Risposta", "Risposta finale", "Risultato"],
    "pt": ["Resposta", "Resposta final", "Resultado"],
    "tr": ["Cevap", "Son cevap", "Sonuç"],
    "el": ["Απάντηση", "Τελική απάντηση"],
    "bg": ["Отговор", "Краен отговор"],
    "ko": ["답", "최종 답", "정답"],
    "te": ["సమాధానం", "తుది సమాధానం"],
}
SENTENCES = {
    "en": "So the answer is {}.",
    "bn": "তাই উত্তর হলো {}।",
    "th": "ดังนั้นคำตอบคือ {}",
    "sw": "Kwa hiyo jibu ni {}.",
    "ja": "したがって、答えは{}です。",
    "zh": "所以答案是{}。",
    "de": "Die Antwort lautet also {}.",
    "fr": "La réponse est donc {}.",
    "ru": "Значит, ответ равен {}.",
    "es": "Entonces la respuesta es {}.",
    "ar": "إذن الجواب هو {}.",
    "hi": "इसलिए उत्तर {} है।",
    "ur": "لہٰذا جواب {} ہے۔",
    "vi": "Vậy đáp án là {}.",
    "pl": "Zatem odpowiedź to {}.",
    "nl": "Het antwoord is dus {}.",
    "it": "Quindi la risposta è {}.",
    "pt": "Portanto, a resposta é {}.",
    "tr": "Yani doğru cevap {}.",
    "el": "Άρα η απάντηση είναι {}.",
    "bg": "Значи отговорът е {}.",
    "ko": "따라서 답은 {}입니다.",
    "te": "కాబట్టి సమాధానం {}.",
}
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
LABELLED = [
    "**{}:** {}", "**{}: {}**", "{}: **{}**", "**{}**: {}", "### {}: {}", "- {}: {}", "> {}: {}",
    "{}:\n\n**{}**", "{} = {}", "{} → {}", "✅ {}: **{}**", "• {}: `{}`", "# {}\n{}", "**{}:**\n{}", "{}：{}",
    "{}: ${}$", "{}: \\({}\\)", "{}: \\[{}\\]", "*{}:* {}", "__{}:__ {}", "{} ⇒ {}", "{} = **{}**",
    "* {}: {}", "{}: <b>{}</b>", "{}: {}!",
]  # fmt: skip


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


with (Path(__file__).parent / "answers_by_language.tsv").open(encoding="utf-8", newline="") as file:
    VALUES = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("language", SENTENCES)
def test_words_that_change_a_number(language: str) -> None:
    wrong = []
    for text, value in [(row["text"], row["value"]) for row in VALUES if row["language"] == language]:
        for form in ("\\boxed{{{}}}", "\\boxed{{\\text{{{}}}}}", "**{}**", SENTENCES[language]):
            written = form.format(text)
            first = "".join(c for c in text if c.isdecimal() or c in ".,").strip(".,") or "0"
            if not is_correct(value, written, language):
                wrong.append((written, value))
            if len(first) < 4 and is_correct(str(int(first.split(",")[0].split(".")[0])), written, language):
                wrong.append((written, "its first number"))
    assert not wrong


def test_what_is_tested_covers_all_languages() -> None:
    assert len(LABELS) == len(SENTENCES) == len({row["language"] for row in VALUES}) == 23
