"""Training sets and traces from real data: fixtures with the columns and quirks of each format."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from scripts import run_script

from vernacular.adamame.options import PromptsOptions
from vernacular.adamame.prompts import candidate_questions
from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.sources import examples, question_rows
from vernacular.corpus.training import training_rows
from vernacular.storage.records import RAW_TRACE, TRAINING, read_rows

PART: dict[str, Any] = {
    "shares": {},
    "english_trace_share": 0.0,
    "bilingual": 0,
    "translated": ["questions", "answers"],
}


def rows_of(source: str, folder: Path, **part: Any) -> list[dict[str, Any]]:
    sources = {"real": {"format": source, "folder": str(folder)}}
    rows = list(training_rows(TrainingDataOptions([{**PART, "source": "real", **part}], 1, sources=sources)))
    assert all(set(row) == set(TRAINING.names) for row in rows)
    return rows


# --- GSM8KInstruct: no ids; each English question comes before its translations


def instruct(language: str, question: str, solution: str) -> dict[str, str]:
    prompt = (
        "Below is an instruction that describes a task. Write a response that appropriately completes the request in "
        f"{language}. Please answer in {language}.\n\n### Instruction:\n{question}\n\n### Response:"
    )
    return {"prompt": prompt, "chosen": solution, "reject": ""}


INSTRUCT = [
    instruct("English", "How many?\nCount them.", "48/2 = 24\n#### 1,224"),
    instruct("French", "Combien ?", "48/2 = 24\n#### 1224"),
    instruct("Thai", "กี่อัน?", "24\n#### 1224"),
    instruct("French", "Combien encore ?", "twice\n#### 2"),  # a second one in a language is no translation
    instruct("English", "And now?", "One.\n#### -3"),
    instruct("French", "Et là ?", "Un.\n#### -3"),
    instruct("Dothraki", "?", "#### 1"),
]


@pytest.fixture
def instructions(tmp_path: Path) -> Path:
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in INSTRUCT)
    (tmp_path / "MGSM8KInstruct_Parallel.json").write_text(text, encoding="utf-8")
    return tmp_path


def test_gsm8k_instruct_finds_translations_of_one_question(instructions: Path) -> None:
    both = [*examples("gsm8k-instruct", instructions, "train", ["en", "fr", "th"])]
    assert [(example.id, example.language, example.answer) for example in both] == [
        ("00001", "en", "1,224"),
        ("00001", "fr", "1224"),
        ("00001", "th", "1224"),
        ("00002", "en", "-3"),
        ("00002", "fr", "-3"),
    ]
    assert both[0].question == "How many?\nCount them."


def test_gsm8k_instruct_deals_its_questions_into_train_and_dev(tmp_path: Path) -> None:
    """By the question, so that no translation of a dev question is trained on."""
    rows = [instruct(name, f"{n}?", f"#### {n}") for n in range(400) for name in ("English", "French")]
    (tmp_path / "all.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    ids = {
        split: [row["id"].split("-")[-1] for row in question_rows("gsm8k-instruct", tmp_path, "g", ["en", "fr"], split)]
        for split in ("train", "dev")
    }
    assert len(ids["train"]) + len(ids["dev"]) == 800 and not {*ids["train"]} & {*ids["dev"]}
    assert 10 < len({*ids["dev"]}) < 35 and len(ids["dev"]) == 2 * len({*ids["dev"]})


def test_translation_of_questions_and_answers(instructions: Path) -> None:
    rows = rows_of("gsm8k-instruct", instructions, task="translation", languages=["fr", "th"])
    assert [(row["id"], row["language"]) for row in rows] == [
        ("00001", "fr"), ("00001", "fr"), ("00001", "th"), ("00001", "th"), ("00002", "fr"), ("00002", "fr"),
    ]  # fmt: skip
    assert rows[0]["prompt"] == "Translate the following sentences from French to English.\nCombien ?"
    assert rows[0]["completion"] == "How many?\nCount them."
    assert rows[1]["completion"] == "48/2 = 24\n#### 1,224" and rows[0]["question"] is None


def test_reasoning_in_the_query_language_or_in_english(instructions: Path) -> None:
    """A solution without `</think>` is learnt as it stands, whatever a chat template makes of traces."""
    native = rows_of("gsm8k-instruct", instructions, task="reasoning", languages=["fr"])
    assert [row["completion"] for row in native] == ["48/2 = 24\n#### 1224", "Un.\n#### -3"]
    assert native[0]["question"] == "Combien ?" and native[0]["prompt"].endswith("\nCombien ?")
    english = rows_of("gsm8k-instruct", instructions, task="reasoning", languages=["fr"], english_trace_share=1.0)
    assert [row["completion"] for row in english] == ["48/2 = 24\n#### 1,224", "One.\n#### -3"]


def test_a_limit_takes_the_first_rows_of_each_language(instructions: Path) -> None:
    rows = rows_of("gsm8k-instruct", instructions, task="pairs", languages=["en", "fr", "th"], limit=1)
    assert [(row["language"], row["prompt"], row["completion"]) for row in rows] == [
        ("en", "How many?\nCount them.", "How many?\nCount them."),
        ("fr", "Combien ?", "How many?\nCount them."),
        ("th", "กี่อัน?", "How many?\nCount them."),
    ]


def test_a_prompt_of_another_form_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"prompt": "Hello", "chosen": "x"}), encoding="utf-8")
    with pytest.raises(ValueError, match="x.json: line 1: no '... in <language>."):
        list(examples("gsm8k-instruct", tmp_path, "train", ["en"]))


# --- MetaMathQA, pairs of sentences, labels


def test_metamath(tmp_path: Path) -> None:
    row = {"type": "GSM_AnsAug", "original_question": "Q?", "query": "Find it. ", "response": "So.\nThe answer is: 18"}
    (tmp_path / "MetaMathQA-395K.json").write_text(json.dumps([row, {**row, "response": "No answer."}]))
    [first, second] = rows_of("metamath", tmp_path, task="reasoning", languages=["en"], english_trace_share=0.75)
    assert first["completion"] == "So.\nThe answer is: 18" and second["completion"] == "No answer."
    assert first["prompt"].endswith("\nFind it.") and first["question"] == "Find it."
    assert [example.answer for example in examples("metamath", tmp_path, "train", ["en"])] == ["18", None]


def test_pairs_of_sentences(tmp_path: Path) -> None:
    """MindMerger's folders; a pair with a blank side is left out, and files of two lengths are an error."""
    folder = tmp_path / "en-sw"
    folder.mkdir()
    (folder / "train_100k.en").write_text("Good day.\n\nThanks.\n", encoding="utf-8")
    (folder / "train_100k.sw").write_text("Habari.\nAsante.\nAsante.", encoding="utf-8")
    rows = rows_of("bitext", tmp_path, task="pairs", languages=["sw"])
    assert [(row["id"], row["question"], row["completion"]) for row in rows] == [
        ("sw-000001", "Habari.", "Good day."),
        ("sw-000003", "Asante.", "Thanks."),
    ]
    (folder / "train_100k.sw").write_text("Habari.", encoding="utf-8")
    with pytest.raises(ValueError, match="train_100k.en: 3 lines, but its translation has 1"):
        rows_of("bitext", tmp_path, task="pairs", languages=["sw"])


def test_labels_are_what_a_merge_learns(tmp_path: Path) -> None:
    """XNLI's dev split, as MindMerger trains on it; English labels are the same word."""
    import pyarrow as pa

    for code in ("en", "sw"):
        (tmp_path / code).mkdir()
        table = pa.Table.from_pylist([{"premise": f"p {code}", "hypothesis": f"h {code}", "label": 0}])
        pq.write_table(table, tmp_path / code / "validation-00000-of-00001.parquet")
    [row] = rows_of("xnli", tmp_path, task="reasoning", languages=["sw"], split="dev", english_trace_share=1.0)
    assert row["question"] == "p sw\nh sw" and row["completion"] == "entailment"


# --- AdaMame's traces and prompts

FRENCH = "Veuillez raisonner étape par étape et placer votre réponse finale dans \\boxed{}."
KOREAN = "단계별로 추론하고, 최종 답을 \\boxed{} 안에 넣어주세요."


def test_adamame_traces_through_the_filter(tmp_path: Path) -> None:
    """The one file of all languages: the instruction tells the language. Without a box there is no answer."""
    trace = "D'abord, je compte les pommes qui restent dans le panier.\n</think>\nLa réponse est "
    korean = "먼저 사과를 세어 봅니다.\n</think>\n답은 \\boxed{3}"
    rows = [
        {"instruction": f"{FRENCH}\n\nCombien de pommes ?", "input": "", "output": f"{trace}\\boxed{{18}}."},
        {"instruction": f"{KOREAN}\n\n사과는 몇 개입니까?", "input": "", "output": korean},
        {"instruction": f"{FRENCH}\n\nCombien ?", "input": "", "output": f"{trace}18."},
    ]  # fmt: skip
    source, raw = tmp_path / "source", tmp_path / "raw.parquet"
    source.mkdir()
    (source / "sft_data.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    options = json.dumps({"format": "adamame-traces", "languages": ["fr", "ko", "th"], "seed": 1})
    assert run_script("make_traces", "--input", source, "--options", options, "--out", raw) == 0
    assert pq.read_schema(raw).equals(RAW_TRACE)
    found = list(read_rows(raw))
    assert [(row["language"], row["question"], row["answer"]) for row in found] == [
        ("fr", "Combien de pommes ?", "18"),
        ("ko", "사과는 몇 개입니까?", "3"),
        ("fr", "Combien ?", None),
    ]
    outputs = ["--kept", tmp_path / "kept.parquet", "--counts", tmp_path / "c.csv", "--quality", tmp_path / "q.csv"]
    limits = json.dumps({"shortest": 5, "longest": 9000})
    identifier = json.dumps({"languages": ["en", "fr", "ko", "th"]})
    assert run_script("filter_traces", "--raw", raw, "--options", limits, "--identifier", identifier, *outputs) == 0
    assert [row["language"] for row in read_rows(tmp_path / "kept.parquet")] == ["fr", "ko"]


def test_the_name_of_a_file_of_traces_may_tell_the_language(tmp_path: Path) -> None:
    row = {"instruction": "\\boxed{}\n\n1 + 1 ?", "input": "", "output": "deux\n</think>\n\\boxed{2}"}
    (tmp_path / "fr_gpt5nano_full.json").write_text(json.dumps([row]))
    (tmp_path / "th_gpt5nano_full.json").write_text(json.dumps([row]))
    out, options = tmp_path / "out.parquet", {"format": "adamame-traces", "languages": ["fr"], "seed": 1}
    assert run_script("make_traces", "--input", tmp_path, "--options", json.dumps(options), "--out", out) == 0
    assert [(row["language"], row["id"]) for row in read_rows(out)] == [("fr", "fr_gpt5nano_full-000001")]


def test_prompts_that_are_there_in_one_language_are_asked_in_that_one() -> None:
    rows = [{"id": f"dapo-{n}", "benchmark": "dapo", "language": ("fr", "th")[n % 2]} for n in range(40)]
    decoding = {"candidates": 8, "temperature": 1.0, "max_new_tokens": 8, "batch_tokens": 100}
    options = PromptsOptions("dapo", ["fr", "ja", "th"], hash_range=[0.0, 1.0], **decoding)
    assert candidate_questions(rows, options) == rows


# --- solutions as traces, and solutions of another source

GSM8K = [
    {
        "question": "How many\n clips?",
        "answer": "She sold 48/2 = <<48/2=24>>24 clips.\nIn all <<24+48=72>>72.\n#### 72",
    },
    {"question": "How much?", "answer": "It costs $<<2*500=1000>>1,000.\n#### 1,000"},
]


@pytest.fixture
def solved(tmp_path: Path) -> Path:
    folder = tmp_path / "gsm8k"
    folder.mkdir()
    (folder / "train.jsonl").write_text("\n".join(map(json.dumps, GSM8K)), encoding="utf-8")
    return folder


def test_a_solution_becomes_a_trace(solved: Path) -> None:
    first, second = rows_of("gsm8k", solved, task="reasoning", languages=["en"], think=True)
    assert first["completion"] == (
        "<think>\nShe sold 48/2 = 24 clips.\nIn all 72.\n</think>\nThe answer is \\boxed{72}."
    )
    assert second["completion"].endswith("\n</think>\nThe answer is \\boxed{1,000}.")
    plain = rows_of("gsm8k", solved, task="reasoning", languages=["en"])
    assert [row["completion"] for row in plain] == [row["answer"] for row in GSM8K]


def test_a_trace_ends_in_the_language_of_its_solution(instructions: Path) -> None:
    """By the phrasebook's sentence; of MetaMath's two marks of an answer neither stays."""
    native = rows_of("gsm8k-instruct", instructions, task="reasoning", languages=["fr"], think=True)
    assert native[0]["completion"] == "<think>\n48/2 = 24\n</think>\nLa réponse est \\boxed{1224}."
    row = {"query": "Q?", "response": "2 + 2 = 4.\n#### 4\nThe answer is: 4"}
    (instructions / "MetaMathQA.json").write_text(json.dumps([row]), encoding="utf-8")
    [one] = rows_of("metamath", instructions, task="reasoning", languages=["en"], think=True)
    assert one["completion"] == "<think>\n2 + 2 = 4.\n</think>\nThe answer is \\boxed{4}."


@pytest.mark.parametrize("response", ["No answer.", "The answer is: 18"])
def test_a_solution_without_an_answer_or_with_nothing_else_makes_no_trace(tmp_path: Path, response: str) -> None:
    (tmp_path / "MetaMathQA.json").write_text(json.dumps([{"query": "Q?", "response": response}]))
    with pytest.raises(ValueError, match="question 000001: its solution marks no answer"):
        rows_of("metamath", tmp_path, task="reasoning", languages=["en"], think=True)


@pytest.fixture
def translated(tmp_path: Path) -> Path:
    """GSM8K's questions in Swahili, as QAlign has them: one line each, and one that is not GSM8K's."""
    folder = tmp_path / "pairs"
    (folder / "sw-en").mkdir(parents=True)
    (folder / "sw-en" / "train.en").write_text("How many clips?\nWho?\nHow much?\n", encoding="utf-8")
    (folder / "sw-en" / "train.sw").write_text("Vibanio vingapi?\nNani?\nKiasi gani?\n", encoding="utf-8")
    return folder


def looked_up(pairs: Path, solutions: Path, **part: Any) -> list[dict[str, Any]]:
    sources = {
        "pairs": {"format": "bitext", "folder": str(pairs)},
        "gsm8k": {"format": "gsm8k", "folder": str(solutions)},
    }
    asked = {**PART, "task": "reasoning", "languages": ["sw"], "english_trace_share": 1.0, "source": "pairs"}
    options = TrainingDataOptions([{**asked, "solutions": "gsm8k", **part}], 1, sources=sources)
    return list(training_rows(options))


def test_pairs_take_the_solutions_of_another_source(
    translated: Path, solved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = looked_up(translated, solved, think=True)
    assert [(row["language"], row["question"]) for row in rows] == [("sw", "Vibanio vingapi?"), ("sw", "Kiasi gani?")]
    assert rows[0]["prompt"].endswith("\nVibanio vingapi?")
    assert [row["completion"].split("\n")[-1] for row in rows] == [
        "The answer is \\boxed{72}.", "The answer is \\boxed{1,000}.",
    ]  # fmt: skip
    assert capsys.readouterr().out == "pairs: 1 of 3 questions are not in 'gsm8k' and are left out\n"
    assert [row["completion"] for row in looked_up(translated, solved)] == [row["answer"] for row in GSM8K]


def test_pairs_of_which_none_is_solved_are_an_error(translated: Path, solved: Path) -> None:
    (translated / "sw-en" / "train.en").write_text("Who?\nWhen?\nWhere?\n", encoding="utf-8")
    with pytest.raises(ValueError, match="pairs: 3 of 3 questions are not in 'gsm8k', so none has a solution"):
        looked_up(translated, solved)


def test_a_source_whose_files_tell_no_split_is_what_it_says(tmp_path: Path) -> None:
    """MGSM as dev: what its answers tune is then not its own test."""
    (tmp_path / "mgsm_en.tsv").write_text("1 + 1?\t2\n", encoding="utf-8")
    source = {"format": "mgsm", "split": "dev"}
    [row] = question_rows(source, tmp_path, "mgsm", ["en"], "dev")
    assert row["id"] == "mgsm-dev-00001"
