"""Training sets: plain text for a base model, problems with traces, translation into English.

Every set is drawn from training questions alone, the miniature's or those of a source of real data, and is named in the
section `data` of the configuration, so that models that are compared read the same file.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from vernacular.corpus import miniature
from vernacular.corpus.miniature import PLAIN, share_of
from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training_questions import Part, Question, problem_questions, source_questions
from vernacular.language.languages import ENGLISH, about
from vernacular.language.phrasebook import SIGNS, has_phrasebook, load_phrasebook
from vernacular.language.prompts import END_OF_THINKING, answer_message, join_completion, split_completion

CALCULATOR = re.compile(r"<<[^<>\n]*>>")  # of GSM8K: 48/2 = <<48/2=24>>24
ANSWERED = re.compile(r"(?:\s*(?:####|The answer is:?)[^\n]*)+\s*\Z")
SUMS = 24  # on a page
EMPTY = 0.25  # of the turns after a context

Pair = tuple[str | None, str]  # (what the user says, or None for plain text; what comes after it)


def training_rows(options: TrainingDataOptions) -> Iterator[dict[str, Any]]:
    """The rows of one set (records.TRAINING), part after part.

    A part has: `task` (a name of WRITERS), `languages`, `shares` (language -> share of its questions that are used, by
    default all), and what tasks read: `english_trace_share`, `restate`, `check`, `switches`, `bilingual`,
    `translated`. Its questions come from
    `benchmarks` (name -> range of the hashed ids), or from a `source`, of which it may take another `split` than train
    and a `limit` of rows a language; its `solutions` may be another source's, and `think` makes traces of them.
    """
    for part in options.data:
        task, used = part["task"], Counter[str]()
        for question in source_questions(part, options) if "source" in part else problem_questions(part, options):
            for language in question.languages:
                dealt = share_of(f"used {question.id} {language}")
                if dealt >= part.get("shares", {}).get(language, 1.0) or used[language] == part.get("limit"):
                    continue
                used[language] += 1
                row = {"id": question.id, "language": language, "task": task}
                row["question"] = question.text(language) if task in ("reasoning", "pairs") else None  # for an encoder
                row["context"] = question.text(ENGLISH) if task == "context" else None  # before the chat
                key = f"{question.id} {language} {options.seed}"
                for prompt, completion in WRITERS[task](question, language, key, part):
                    yield row | {"prompt": prompt, "completion": completion}


# --- tasks: the pairs that a question makes in one language; `key` seeds what is drawn


def reasoning(question: Question, language: str, key: str, part: Part) -> Iterator[Pair]:
    """A question with a right trace and answer; `english_trace_share` of the non-English questions get English ones.

    `restate` and `check` are the shares of longer traces of word problems; `switches` of those of non-English ones have
    a later line in the other of the two languages.
    A bare answer alone, where the prompts' `target` says so and there is one.
    """
    if question.prompts.target == "answer" and question.answer is not None:
        yield question.user_turn(language), question.answer
        return
    in_english = question.has_english and share_of(f"trace {key}") < part["english_trace_share"]
    own, other = (ENGLISH, language) if in_english else (language, ENGLISH)
    shape = miniature.shape_of(key, part, question.setting, other if language != ENGLISH else None)
    # A solution of real data has the shape that it has: its parts ask for no other.
    text = question.completion(own) if shape == PLAIN else question.completion(own, shape=shape)
    if part.get("think"):
        text = as_trace(text, own, question)
    # A solution without `</think>` is by a model that does not think aloud: it is learnt as it is.
    yield question.user_turn(language), answer_message(text)["content"] if END_OF_THINKING in text else text


def as_trace(solution: str, language: str, question: Question) -> str:
    """A solution of real data as trace and response (our choice): without GSM8K's marks for a calculator, and in the
    place of the lines that mark its answer the phrasebook's sentence with the box, with which our own traces end."""
    trace = ANSWERED.sub("", CALCULATOR.sub("", solution)).strip()
    if question.answer is None or not trace:
        raise ValueError(
            f"question {question.id}: its solution marks no answer (#### 18, The answer is: 18) or says nothing "
            "else, so it makes no trace; leave `think` out"
        )
    sentence = load_phrasebook(language)["answer"] if has_phrasebook(language) else "{answer}"
    return join_completion(trace, sentence.format(answer=f"\\boxed{{{question.answer}}}"))


def context(question: Question, language: str, key: str, part: Part) -> Iterator[Pair]:
    """A question whose English comes before the chat, answered in English; EMPTY of the turns do not repeat it.

    Our choice. A merge puts its features before the chat. A large LLM reads what is there; a small one that has only
    met questions inside the user's turn does not, even if it is the English question itself.
    """
    prompt = "" if share_of(f"turn {key}") < EMPTY else question.user_turn(language)
    yield prompt, answer_message(question.completion(ENGLISH))["content"]


def plain_text(question: Question, language: str, key: str, part: Part) -> Iterator[Pair]:
    """The question and its solution as documents of their own, so that neither is an answer to the other.

    `bilingual` is the share of non-English ones that are next to their English translation, in either order: web
    corpora hold such pages (Briakou et al. 2023, arXiv 2305.10266), and what a base model knows of translation comes
    from them.
    """
    both = language != ENGLISH and share_of(f"bilingual {key}") < part["bilingual"]
    pages = [ENGLISH, language] if share_of(f"order {key}") < 0.5 else [language, ENGLISH]
    for text in (question.text, lambda code: "\n".join(split_completion(question.completion(code)))):
        yield None, "\n".join(map(text, pages if both else [language]))


def translation(question: Question, language: str, key: str, part: Part) -> Iterator[Pair]:
    """Questions, answers or both (`translated`) into English, asked for as the prompts say."""
    if language == ENGLISH:
        return
    # An answer keeps its `</think>`, as markup does in a translation: otherwise a model unlearns to end a trace.
    texts = {"questions": question.text, "answers": question.completion}
    template, name = str(question.prompts.translation), about(language)["name"]
    for text in (texts[what] for what in part["translated"]):
        yield template.format(language=name, text=text(language)), text(ENGLISH)


def pairs(question: Question, language: str, key: str, part: Part) -> Iterator[Pair]:
    """A question and its English, without an instruction: what a translator learns. English stays as it is."""
    yield question.text(language), question.text(ENGLISH)


def sums(question: Question, language: str, key: str, part: Part) -> Iterator[Pair]:
    """A page of arithmetic, as a base model finds it in exercises: the problem's own sums, then others, a line each.

    Our choice. A trace has one or two sums among a hundred tokens, so a small model that learns its tables from traces
    alone needs several times as many tokens. The others come from the number ranges of the benchmark: tables are
    knowledge, like the facts of the choices; what is held out is questions.
    """
    rng = random.Random(f"sums {key}")
    steps = list(question.problem.steps)
    while len(steps) < SUMS:
        steps += miniature.draw_problem(rng, 1, question.numbers).steps
    yield None, "\n".join(f"{x} {SIGNS[operation]} {y} = {z}" for operation, x, y, z in steps)


WRITERS: dict[str, Callable[[Question, str, str, Part], Iterator[Pair]]] = {
    "reasoning": reasoning,
    "context": context,
    "text": plain_text,
    "translation": translation,
    "pairs": pairs,
    "sums": sums,
}
