"""Small files of today's benchmarks in their published layout: paths, columns, types of answers, and what is odd in
them. The questions are the tests' own."""

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

ASKED = {
    "en": "What is {} plus 4?",
    "fr": "Combien font {} plus 4 ?",
    "ja": "{} 足す 4 はいくつですか。",
    "th": "{} บวก 4 ได้เท่าไร",
    "sw": "{} ongeza 4 ni ngapi?",
    "am": "{} ሲደመር 4 ስንት ነው?",
    "zh": "{} 加 4 等于多少？",
}
NOTES = {"data_source": "MATH500", "data_source_id": 4}
CARD = {"country": "France", "domain": "STEM", "subject": "Physics", "regional_feature": "agnostic", "level": "A"}
OPTIONS = {f"option_{letter}": text for letter, text in zip("abcd", ["3", "quatre", "5, 6", ""], strict=True)}
LITE = {"subject": "astronomy", "subject_category": "STEM", "cultural_sensitivity_label": "CA", "is_annotated": True}
PASSAGE = "L'accordéon se joue à deux mains.\nLa droite tient la mélodie."
LINK = "https://en.wikibooks.org/wiki/Accordion/Right_hand"
MC = {f"mc_answer{number}": f"réponse {number}" for number in range(1, 5)}


def asked(language: str, number: int) -> str:
    return ASKED[language].format(number)


def passage(number: int, right: str) -> dict[str, Any]:
    row = {"link": LINK, "question_number": number, "flores_passage": PASSAGE, "question": f"Question {number} ?", **MC}
    return {**row, "correct_answer_num": right, "dialect": "fra_Latn", "ds": "2023-05-03"}


def mmath(language: str) -> list[dict[str, Any]]:
    golds = ["5", "$\\frac{3}{4}$", "$[-\\frac{1}{4}, 0) \\cup (0, 2)$"]
    return [
        {"question": asked(language, n), "answer": gold, **NOTES, "lang": language, "gid": n}
        for n, gold in enumerate(golds)
    ]


def polymath(language: str, level: str, golds: list[str]) -> list[dict[str, Any]]:
    return [{"id": f"{level}-{language}-{n}", "question": asked(language, n), "answer": a} for n, a in enumerate(golds)]


LEVELS = {"low": ["4", "5"], "top": ["$2^{2024} - 1$", "$\\frac{2kn}{n+k-1}$", "$P(x)=cx$ for any constant $c$"]}
WIDE = {"en": "en", "fr": "fr", "zh-cn": "zh", "zh-tw": "zh"}
MATH100 = ["p - q", "\\left( 3, \\frac{\\pi}{2} \\right)", "\\text{Evelyn}"]
PROMPT = {"instruction": "Résolvez. Terminez par « Réponse : ».", "answer_prefix": "Réponse"}
FILES: dict[str, dict[str, list[dict[str, Any]]]] = {  # format -> path -> rows
    "mmath": {f"mmath/{language}.json": mmath(language) for language in ("en", "fr", "ja")},
    "polymath": {
        f"{language}/{level}.parquet": polymath(language, level, golds)
        for language in ("en", "fr")
        for level, golds in LEVELS.items()
    },
    "mclm": {
        "mt-math100.parquet": [
            {**{column: asked(language, n) for column, language in WIDE.items()}, "answer": gold}
            for n, gold in enumerate(MATH100)
        ],
        "mt-aime2024.parquet": [{"en": asked("en", 200), "fr": None, "zh-cn": asked("zh", 200), "answer": 204}],
        "m-imo.parquet": [{"en": "Prove it.", "fr": "Démontrez-le.", "answer": None}],
    },
    "global-mgsm": {
        f"{language}/test.parquet": [{"question": asked(language, n), "answer": str(n + 4), **PROMPT} for n in (0, 1)]
        for language in ("en", "fr", "am")
    },
    "afrimgsm": {
        f"data/{name}/{split}.tsv": [
            {"question": asked(language, n), "answer": solution, "answer_number": n + 4, "equation_solution": ""}
            for n, solution in enumerate(["", 'Ukijumlisha, "nne" ni 4. Jibu ni 5.'])
        ]
        for name, language in {"eng": "en", "swa": "sw", "amh": "am"}.items()
        for split in ("dev", "test")
    },
    "aime": {
        **{
            f"data/{language}-00000-of-00001.parquet": [
                {"id": 60, "problem": asked(language, 29), "solution": "…", "answer": 33, "year": "2024"}
            ]
            for language in ("en", "th")
        },
        "aime24-x/fr.jsonl": [{"problem": asked("fr", 29), "expected_answer": "033"}],
    },
    "include": {
        f"{name}/{split}-00000-of-00001.parquet": [
            {"language": name, **CARD, "question": f"{split} {name} {n}", **OPTIONS, "answer": n} for n in (1, 2)
        ]
        for name in ("French", "North Macedonian", "Dutch-Flemish")
        for split in ("test", "validation")
    },
    "global-mmlu-lite": {
        f"{language}/{split}-00000-of-00001.parquet": [
            {"sample_id": f"astronomy/{split}/{n}", **LITE, "question": asked(language, n), **OPTIONS, "answer": key}
            for n, key in ((58, "B"), (7, "D"))
        ]
        for language in ("en", "fr")
        for split in ("test", "dev")
    },
    "belebele": {
        f"data/{name}.jsonl": [passage(1, "4"), passage(2, "1"), passage(1, "2")]
        for name in ("fra_Latn", "eng_Latn", "zho_Hans", "zho_Hant", "arb_Arab", "arb_Latn", "ars_Arab")
    },
    "gsm8k": {"main/test-00000-of-00001.parquet": [{"question": asked("en", 14), "answer": "<<14+4=18>>18.\n#### 18"}]},
}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Rows as Parquet, TSV, one JSON list indented as MMATH's (.json), or JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".tsv":
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, rows[0], delimiter="\t", lineterminator="\n")
            table.writeheader()
            table.writerows(rows)
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows, ensure_ascii=False, indent=4), encoding="utf-8")
    else:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def lay_out(folder: Path, form: str) -> Path:
    """A folder with all files of a format."""
    for name, rows in FILES[form].items():
        write(folder / form / name, rows)
    return folder / form


class Answered(NamedTuple):
    """A question of a fixture and what is boxed in a right and in a wrong answer to it."""

    form: str
    language: str
    id: str
    right: str
    wrong: str


ANSWERED = [
    Answered("mmath", "ja", "00000", "5", "6"),
    Answered("mmath", "fr", "00001", "\\dfrac{3}{4}", "\\frac{4}{3}"),
    Answered("mmath", "fr", "00001", "0{,}75", "0{,}8"),
    Answered("mmath", "en", "00002", "[-0.25,0)\\cup(0,2)", "[-0.25,0]\\cup(0,2)"),
    Answered("polymath", "fr", "top-00000", "2^{2024}-1", "2^{2024}"),
    Answered("polymath", "en", "top-00001", "\\frac{2 n k}{k+n-1}", "\\frac{2n}{k+n-1}"),
    Answered("mclm", "fr", "mt-math100-00001", "-q+p", "q-p"),
    Answered("mclm", "zh", "mt-math100-00002", "(3,\\frac{\\pi}{2})", "(3,\\pi)"),
    Answered("mclm", "zh", "mt-aime2024-00001", "204", "24"),
    Answered("global-mgsm", "am", "00001", "4", "5"),
    Answered("afrimgsm", "sw", "00002", "5", "4"),
    Answered("aime", "th", "00001", "33", "3"),
    Answered("aime", "fr", "00001", "33", "330"),
    Answered("include", "fr", "fr-00001", "B", "C"),
    Answered("include", "mk", "mk-00002", "5, 6", "3"),
    Answered("global-mmlu-lite", "fr", "astronomy/test/58", "B", "D"),
    Answered("belebele", "fr", f"{LINK}#1", "D", "A"),
    Answered("belebele", "zh", f"{LINK}#2", "(A)", "(D)"),
    Answered("gsm8k", "en", "00001", "18", "14"),
]
