"""Answers of all kinds (answers_by_kind.tsv): what a reader of the language understands at once is right, what is not
understood whole is wrong, never its first number.

A line holds a kind, a language, `right` or `wrong`, whether the texts stand in a box, the gold, and the texts, which
are separated by ¦; ␤ is the end of a line.
"""

import csv
from pathlib import Path

import pytest

from vernacular.answers.compare import check_answer, extract_answer
from vernacular.answers.labels import extract_label

with (Path(__file__).parent / "answers_by_kind.tsv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
KINDS = sorted({row["kind"] for row in ROWS})


@pytest.mark.parametrize("kind", KINDS)
def test_answers(kind: str) -> None:
    failed = []
    for row in ROWS:
        if row["kind"] != kind:
            continue
        for text in row["texts"].replace("␤", "\n").split(" ¦ "):
            response = f"\\boxed{{{text}}}" if row["form"] == "boxed" else text
            verdict = check_answer(row["gold"], response, row["language"])
            extract_answer(response, row["language"])
            if verdict != (row["verdict"] == "right", False):
                failed.append((row["verdict"], row["gold"], row["language"], text))
    assert not failed


OPTIONS = [["library", "school", "house", "park", "station"]]
WORDS_BEFORE = (
    "Option, Choice, Answer, Answer:, The answer is, Antwort, Lösung, Réponse, Choix, Opción, Respuesta, "
    "Opzione, Risposta, Opção, Resposta, Optie, Antwoord, Odpowiedź, Вариант, Ответ:, Опция, Отговор, Επιλογή, "
    "Απάντηση, Seçenek, Cevap, Phương án, Đáp án, Chaguo, Jibu, الخيار, الجواب, جواب, विकल्प, उत्तर, বিকল্প, "
    "উত্তর, సమాధానం, ตัวเลือก, คำตอบ, 選択肢, 答え：, 选项, 答案, 보기, 정답"
)
WORDS_BEHIND = "B is correct, Option B is correct, B şıkkı, B seçeneğidir, Bです, B选项, B번, B번입니다"
OR = (
    "or, and, oder, und, ou, et, o, y, e, of, en, lub, i, или, и, ή, και, veya, ve, hoặc, và, au, na, أو, یا, "
    "या, বা, లేదా, หรือ, また, 或, 또는"
)
DENIED = (
    "not {}|non-{}|It isn't {}.|Nicht {}|Das ist kein {}.|Ce n'est pas {}.|No es {}.|Non è {}.|Não é {}.|"
    "Het is geen {}.|To nie jest {}.|Это не {}.|Не е {}.|Δεν είναι {}.|{} değil|Không phải {}.|Si {}.|ليس {}|"
    "{} نہیں|यह {} नहीं है|এটি {} নয়|{} కాదు|ไม่ใช่ {}|{}ではありません|不是{}|{}가 아닙니다|It cannot be {}.|{} is wrong|"
    "hardly {}|Aucune {}|Ninguna {}|Nessuna {}|Nenhuma {}|Weder {}|Brak {}|{} değildir|{} yok|Chưa phải {}|Hakuna {}"
)


def test_words_before_the_letter_of_a_choice() -> None:
    for words in WORDS_BEFORE.split(", "):
        for form in ("\\boxed{{{} {}}}", "\\boxed{{\\text{{{} {}}}}}", "{} {}", "**{} {}**", "\\boxed{{{} ({})}}"):
            assert extract_label(form.format(words, "B"), "choice", OPTIONS) == "B", (words, form)


def test_words_behind_the_letter_of_a_choice() -> None:
    for text in WORDS_BEHIND.split(", "):
        assert extract_label(f"\\boxed{{{text}}}", "choice", OPTIONS) == "B", text
        assert extract_label(f"\\boxed{{A or {text}}}", "choice", OPTIONS) is None, text


def test_letters_of_another_script_that_look_the_same() -> None:
    for written, letter in zip("АВСЕΑΒΕ", "ABCEABE", strict=True):
        for form in (
            "\\boxed{{{}}}",
            "Ответ: {}",
            "Отговорът е {}.",
            "Απάντηση: {}",
            "\\boxed{{Вариант {}}}",
            "**{}**",
            "({})",
            "\\textbf{{{}}}",
        ):
            assert extract_label(form.format(written), "choice", OPTIONS) == letter, form
    for words in ("В библиотеке", "А потом", "С другом", "А или В", "Еда"):
        assert extract_label(words, "choice", OPTIONS) is None


def test_one_of_two_letters_is_no_answer() -> None:
    for word in OR.split(", "):
        for text in (f"A {word} B", f"C {word} D", f"\\boxed{{A {word} B}}", f"\\boxed{{Option C {word} D}}"):
            assert extract_label(text, "choice", OPTIONS) is None, text


@pytest.mark.parametrize("label", ["entailment", "neutral", "contradiction"])
def test_a_label_that_is_denied_is_no_answer(label: str) -> None:
    for form in DENIED.split("|"):
        for text in (form.format(label), f"\\boxed{{{form.format(label)}}}"):
            assert extract_label(text, "entailment") is None, text
            assert extract_label(text.replace(label, "C"), "choice", OPTIONS) is None, text
    for form in (
        "Answer: {}",
        "\\boxed{{Answer: {}}}",
        "<answer>{}</answer>",
        "#### {}",
        "`{}`",
        "La réponse est : {}.",
        "答案是{}。",
    ):
        assert extract_label(form.format(label), "entailment") == label, form
