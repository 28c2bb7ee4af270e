"""Sets of prompts: the published wordings to the letter, and one wording in training, evaluation and RL alike."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import jinja2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import training_rows
from vernacular.evaluation.generate import prepare
from vernacular.evaluation.options import GenerationOptions
from vernacular.language.phrasebook import load_phrasebook
from vernacular.language.prompts import OURS, prompt_set, question_messages, split_completion
from vernacular.merge.answer import encoder_text
from vernacular.models.chats import prompt_sizes
from vernacular.study.check import CHAT_TEMPLATES
from vernacular.study.prompts import load_sets
from vernacular.study.schema import StudyError

SETS = {name: prompt_set(entry) for name, entry in load_sets().items()}
ALPACA = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\nHow many?\n\n### Response:"
)
CHOICES = ["a {knife}", "", "a spoon"]


def said(name: str, question: str, kind: str = "math", choices: list[str] | None = None, language: str = "fr") -> str:
    [message] = question_messages(question, language, kind, choices, SETS[name])
    assert message["role"] == "user"
    return message["content"]


class Reader:
    """A tokenizer of characters with the template `plain`, which begins a text with a mark."""

    eos_token = "</s>"

    def apply_chat_template(self, talks: Any, tokenize: bool, add_generation_prompt: bool = False) -> Any:
        template = jinja2.Template((CHAT_TEMPLATES / "plain.jinja").read_text())
        several = talks if isinstance(talks[0], list) else [talks]
        texts = [template.render(messages=talk, bos_token="<s>", eos_token=self.eos_token) for talk in several]
        return texts if isinstance(talks[0], list) else texts[0]

    def __call__(self, texts: Any, add_special_tokens: bool) -> dict[str, Any]:
        ids = [list(map(ord, text)) for text in ([texts] if isinstance(texts, str) else texts)]
        return {"input_ids": ids[0] if isinstance(texts, str) else ids}


@pytest.mark.parametrize(
    ("name", "kind", "question", "expected"),
    [
        ("metamath", "math", "How many?", f"{ALPACA} Let's think step by step."),
        ("mindmerger", "math", "How many?", f"{ALPACA} Let's think step by step."),
        ("qalign", "math", "How many?", ALPACA),
        ("x-csqa", "choice", "Cut with?", "Cut with?\nOptions:A. a {knife}\tB. \tC. a spoon\nAnswer:"),
        ("xnli", "entailment", "She eats.\nShe {lives}.", "Premise: She eats.\nHypothesis: She {lives}.\nLabel:"),
    ],
)
def test_raw_text_is_as_published(name: str, kind: str, question: str, expected: str) -> None:
    """Braces of a question are left as they are."""
    choices = CHOICES if kind == "choice" else None
    assert said(name, question, kind, choices) == expected
    assert SETS[name].form == "text"


def test_adamame_names_no_language_and_ours_does() -> None:
    """In its thirteen languages; the phrasebooks' instruction, which says the same, names the language besides."""
    instructions = dict(SETS["adamame"].instructions or {})
    assert len(instructions) == len({*instructions.values()}) == 13
    names = {"fr": "français", "en": "English", "de": "Deutsch", "zh": "中文", "sw": "Kiswahili", "ja": "日本語"}
    for language, instruction in instructions.items():
        assert said("adamame", "Combien ?", language=language) == f"{instruction}\n\nCombien ?"
        assert instruction.count("\\boxed{}") == 1
        if name := names.get(language):
            assert name not in instruction and name in load_phrasebook(language)["instruction"]
    assert said("adamame", "Combien ?").startswith("Veuillez raisonner étape par étape et placer votre réponse finale")


def test_ours_is_the_default_and_what_it_was() -> None:
    assert SETS["ours"] == OURS == prompt_set(None)
    asked = load_phrasebook("fr")["choice_instruction"]
    assert said("ours", "Cut with?", "choice", ["a", "b"]) == f"{asked}\nCut with?\nA) a\nB) b"


def test_what_no_set_has_words_for_is_an_error() -> None:
    with pytest.raises(ValueError, match="no words for questions of the kind 'choice'"):
        said("metamath", "Cut with?", "choice", CHOICES)
    with pytest.raises(ValueError, match="no instruction in 'el'; there are: bn, de"):
        said("adamame", "Πόσα;", language="el")


def test_the_answer_is_read_from_its_mark() -> None:
    """MetaMath's line may be long, with the mark in the middle; without the mark, the last line is read as ever."""
    text = f"He has 2 + 3 = 5 apples, {'and so on, ' * 12}so 5. The answer is: 5"
    assert split_completion(text, None)[1] == text
    assert split_completion(text, None, "The answer is:") == (text, "The answer is: 5")
    assert split_completion("It is 4.\nThe answer is: 4\nThe answer is: 5", None, "The answer is:")[1].endswith(": 5")
    assert split_completion("Two lines.\nSo 5", None, "The answer is:")[1] == "So 5"
    assert split_completion("2 + 3\n</think>\nThe answer is: \\boxed{5}", "think", "The answer is:")[0] == "2 + 3"


QUESTION = {"id": "q", "language": "fr", "kind": "choice", "question": "Cut with?", "choices": CHOICES, "answer": "A"}


def test_evaluation_asks_in_the_set_that_its_options_have() -> None:
    entry = load_sets()["x-csqa"]
    options = GenerationOptions.from_json(GenerationOptions(["fr"], 8, prompts=entry).to_json())
    [request], too_long = prepare(4096, Reader(), [QUESTION], options)
    assert request.prompt == f"<s>{said('x-csqa', 'Cut with?', 'choice', CHOICES)}" and not too_long
    assert request.row(0, "A", 1, "stop")["response"] == "A"
    math = {**QUESTION, "kind": "math", "choices": None}
    [request], _ = prepare(4096, Reader(), [math], GenerationOptions(["fr"], 8, prompts=load_sets()["metamath"]))
    assert request.row(0, "Two. The answer is: 2", 1, "stop")["response"] == "The answer is: 2"


def test_lengths_of_rl_prompts_are_those_of_the_set() -> None:
    rows = [{"question": "Combien ?", "language": "fr"}]
    assert prompt_sizes(Reader(), rows, SETS["adamame"]) == [len(f"<s>{said('adamame', 'Combien ?')}")]
    assert prompt_sizes(Reader(), [], OURS) == []


def test_the_encoder_reads_the_prompt_where_the_set_says_so() -> None:
    assert encoder_text(QUESTION, SETS["x-csqa"]) == said("x-csqa", "Cut with?", "choice", CHOICES)
    assert encoder_text(QUESTION, OURS) == "Cut with?\nA) a {knife}\nB) \nC) a spoon"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mine: {source: me, math: '{question'}", "prompts.yaml: mine.math: "),
        ("mine: {source: me, math: '{questoin}'}", "mine.math: unknown placeholder {questoin}; there are hypothesis"),
        ("mine: {source: me, math: Think.}", "mine.math: the question is missing"),
        ("mine: {source: me, choice: '{question}'}", "mine.choice: the options are missing"),
        ("mine: {source: me, option: '{text}', math: '{question}'}", "mine.option: unknown placeholder {text}"),
        ("mine: {source: me}", "mine: has no prompt for any kind of question"),
        ("mine: {math: '{question}'}", "mine: the key 'source' is missing"),
        ("mine: {source: me, maths: '{question}'}", "mine.maths: unknown key; did you mean 'math'?"),
        ("mine: {source: me, source: you}", "prompts.yaml: line 1: the key 'mine.source' is repeated"),
    ],
)
def test_a_broken_set_is_refused_in_one_line(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "prompts.yaml"
    path.write_text(text)
    with pytest.raises(StudyError) as caught:
        load_sets(path)
    assert expected in str(caught.value) and "\n" not in str(caught.value)


def test_a_set_has_all_its_keys() -> None:
    """A kind that an entry leaves out is one that it is not for, never ours."""
    for name, entry in load_sets().items():
        assert {*entry, "own"} == set(asdict(OURS)), name
    assert SETS["metamath"].choice is None and SETS["adamame"].translation is None


PART: dict[str, Any] = {"source": "real", "languages": ["fr"], "shares": {}, "english_trace_share": 0.0}


def trained(name: str, form: str, folder: Path, **part: Any) -> list[tuple[str, str, str]]:
    """(what the encoder reads, prompt, completion) of the rows of a source, in a set."""
    sources = {"real": {"format": form, "folder": str(folder)}}
    options = TrainingDataOptions([{**PART, **part}], 1, sources=sources, prompts=load_sets()[name])
    return [(row["question"], row["prompt"], row["completion"]) for row in training_rows(options)]


def test_training_asks_as_evaluation_does_and_answers_with_bare_labels(tmp_path: Path) -> None:
    """The question alone stays in its column: the check for leaks finds it there, whatever the wording of a prompt."""
    (tmp_path / "fr").mkdir()
    table = {"premise": ["Elle mange."], "hypothesis": ["Elle vit."], "label": [0]}
    pq.write_table(pa.table(table), tmp_path / "fr/validation-00000-of-00001.parquet")
    found = trained("xnli", "xnli", tmp_path, task="reasoning", split="dev")
    asked = said("xnli", "Elle mange.\nElle vit.", "entailment")
    assert found == [("Elle mange.\nElle vit.", asked, "entailment")]
    question = '{"stem": "Couper ?", "choices": [{"label": "A", "text": "scie"}, {"label": "B", "text": "eau"}]}'
    (tmp_path / "fr/train.jsonl").write_text(f'{{"id": "1", "question": {question}, "answerKey": "A"}}\n')
    found = trained("x-csqa", "x-csqa", tmp_path, task="reasoning")
    assert found == [("Couper ?\nA) scie\nB) eau", "Couper ?\nOptions:A. scie\tB. eau\nAnswer:", "A")]


def test_a_translation_is_asked_for_in_the_words_of_the_set(tmp_path: Path) -> None:
    (tmp_path / "en-fr").mkdir()
    for language, text in (("en", "How many?"), ("fr", "Combien ?")):
        (tmp_path / f"en-fr/train.{language}").write_text(f"{text}\n")
    found = trained("qalign", "bitext", tmp_path, task="translation", translated=["questions"])
    asked = ALPACA.replace("How many?", "Translate the following sentences from French to English. Combien ?")
    assert [row[1:] for row in found] == [(asked, "How many?")]
