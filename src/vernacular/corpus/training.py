"""Training sets: plain text for a base model, problems with traces, translation into English.

Every set is drawn from training problems alone, the miniature's or those of a source of real data, and is named in the
section `data` of the configuration, so that models that are compared read the same file.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from vernacular.corpus.formats import Example
from vernacular.corpus.miniature import (
    KINDS,
    draw_problem,
    make_problems,
    render_completion,
    render_options,
    render_question,
    share_of,
)
from vernacular.corpus.sources import examples
from vernacular.language.languages import load_languages
from vernacular.language.phrasebook import SIGNS
from vernacular.language.prompts import (
    END_OF_THINKING,
    answer_message,
    question_messages,
    question_text,
    split_completion,
)
from vernacular.study.sources import FORMATS

SUMS = 24  # on a page
EMPTY = 0.25  # of the turns after a context

Pair = tuple[str | None, str]  # (what the user says, or None for plain text; what comes after it)


def training_rows(
    benchmarks: dict[str, Any], parts: list[dict[str, Any]], seed: int, sources: dict[str, dict[str, str]] | None = None
) -> Iterator[dict[str, Any]]:
    """The rows of one set (records.TRAINING), part after part.

    A part has: `task` (a name of TASKS), `languages`, `shares` (language -> share of its
    questions that are used; 1 where it is not named), and what tasks read: `english_trace_share`, `bilingual`, `of`.
    Its questions come from `benchmarks` (name -> share of its ids), or from `source` (of `sources`, name -> `format`,
    `folder`), of which it may take another `split` than train and a `limit` of rows a language.
    """
    for options in parts:
        if "source" in options:
            yield from source_part_rows((sources or {})[options["source"]], options, seed)
        else:
            yield from part_rows(benchmarks, options, seed)


def part_rows(benchmarks: dict[str, Any], options: dict[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    task, shares = options["task"], options.get("shares", {})
    for benchmark, (low, high) in options["benchmarks"].items():
        setting = benchmarks[benchmark]["setting"]
        for identifier, problem in make_problems(benchmark, benchmarks[benchmark], "train", seed).items():
            if not low <= share_of(identifier) < high:
                continue
            for language in options["languages"]:
                if share_of(f"used {identifier} {language}") >= shares.get(language, 1.0):
                    continue

                def question(code: str) -> str:
                    text = render_question(code, identifier, problem, setting, seed)  # noqa: B023
                    return question_text(text, render_options(code, problem))  # noqa: B023

                def completion(code: str) -> str:
                    return render_completion(code, identifier, problem, seed)  # noqa: B023

                key = f"{identifier} {language} {seed}"
                here = {**options, "kind": KINDS[setting]}
                here |= {"problem": problem, "numbers": benchmarks[benchmark]["numbers"]}
                for prompt, text in TASKS[task](language, question, completion, key, here):
                    row = {"id": identifier, "language": language, "task": task}
                    yield row | shown(task, language, question) | {"prompt": prompt, "completion": text}


def source_part_rows(place: dict[str, str], options: dict[str, Any], seed: int) -> Iterator[dict[str, Any]]:
    """Rows from real data. A question without an English version is no pair; in reasoning its own solution stands."""
    task, kind, languages = options["task"], FORMATS[place["format"]].kind, options["languages"]
    english_too = task != "reasoning" or options["english_trace_share"] > 0
    wanted = list(dict.fromkeys([*languages, "en"] if english_too else languages))
    rows = examples(place["format"], Path(place["folder"]), options.get("split", "train"), wanted)
    count: Counter[str] = Counter()
    for identifier, versions in grouped(rows, english_too and set(languages) != {"en"}):
        for language in [code for code in languages if code in versions]:
            used = share_of(f"used {identifier} {language}") < options["shares"].get(language, 1.0)
            lacking = "en" not in versions and task != "reasoning"
            if not used or lacking or count[language] == options.get("limit"):
                continue
            count[language] += 1

            def question(code: str) -> str:
                return question_text(versions[code]["question"], versions[code]["choices"])  # noqa: B023

            def completion(code: str) -> str:
                return versions.get(code, versions[language])["completion"]  # noqa: B023

            key = f"{identifier} {language} {seed}"
            for prompt, text in TASKS[task](language, question, completion, key, {**options, "kind": kind}):
                row = {"id": identifier, "language": language, "task": task}
                yield row | shown(task, language, question) | {"prompt": prompt, "completion": text}


def grouped(rows: Iterable[Example], together: bool) -> Iterator[tuple[str, dict[str, Example]]]:
    """(id, language -> example); `together` holds all of them to find translations, else each comes by itself."""
    if not together:
        yield from ((row["id"], {row["language"]: row}) for row in rows)
        return
    groups: dict[str, dict[str, Example]] = {}
    for row in rows:
        groups.setdefault(row["id"], {})[row["language"]] = row
    yield from groups.items()


Render = Callable[[str], str]


def shown(task: str, language: str, question: Render) -> dict[str, str | None]:
    """What a row holds beside prompt and completion: the question for an encoder, the context before the chat."""
    return {
        "question": question(language) if task in ("reasoning", "pairs") else None,
        "context": question("en") if task == "context" else None,
    }


def reasoning(language: str, question: Render, completion: Render, key: str, options: dict[str, Any]) -> Iterator[Pair]:
    """A question with a right trace and answer; `english_trace_share` of the non-English questions get English ones."""
    in_english = share_of(f"trace {key}") < options["english_trace_share"]
    asked = question_messages(question(language), language, options["kind"])[0]["content"]
    text = completion("en" if in_english else language)
    # A solution without `</think>` is of a model that does not think aloud: it is learnt as it stands.
    yield asked, answer_message(text)["content"] if END_OF_THINKING in text else text


def context(language: str, question: Render, completion: Render, key: str, options: dict[str, Any]) -> Iterator[Pair]:
    """A question whose English stands before the chat, answered in English; EMPTY of the turns do not repeat it.

    Our choice. A merge puts its features before the chat. A large LLM reads what stands there; a small one that has
    only met questions inside of the user's turn does not, even where it is the English question itself.
    """
    asked = question_messages(question(language), language, options["kind"])[0]["content"]
    yield "" if share_of(f"turn {key}") < EMPTY else asked, answer_message(completion("en"))["content"]


def plain_text(
    language: str, question: Render, completion: Render, key: str, options: dict[str, Any]
) -> Iterator[Pair]:
    """The question and its solution as documents of their own, so that neither is an answer to the other.

    `bilingual` is the share of non-English ones that stand next to their English translation, in either order: web
    corpora hold such pages (Briakou et al. 2023, arXiv 2305.10266), and what a base model knows of translation comes
    from them.
    """
    both = language != "en" and share_of(f"bilingual {key}") < options["bilingual"]
    english_first = share_of(f"order {key}") < 0.5
    for text in (question, lambda code: "\n".join(split_completion(completion(code)))):
        pages = [text("en"), text(language)] if english_first else [text(language), text("en")]
        yield None, "\n".join(pages) if both else text(language)


def translation(
    language: str, question: Render, completion: Render, key: str, options: dict[str, Any]
) -> Iterator[Pair]:
    """`of` questions, answers or both into English; the instruction says what QAlign's says (arXiv 2401.07817)."""
    if language == "en":
        return
    # An answer keeps its mark `</think>`, as markup does in a translation: without it a model unlearns to end a trace.
    texts = {"questions": question, "answers": completion}
    for part in options["of"]:
        name = load_languages()[language]["name"]
        yield (
            f"Translate the following sentences from {name} to English.\n{texts[part](language)}",
            texts[part]("en"),
        )


def pairs(language: str, question: Render, completion: Render, key: str, options: dict[str, Any]) -> Iterator[Pair]:
    """A question and the same in English, without an instruction: what a translator learns. English stays itself."""
    yield question(language), question("en")


def sums(language: str, question: Render, completion: Render, key: str, options: dict[str, Any]) -> Iterator[Pair]:
    """A page of arithmetic, as a base model finds it in exercises: the problem's own sums, then others, a line each.

    Our choice. A trace has one or two sums among a hundred tokens, so a small model that learns its tables from traces
    alone needs several times as many tokens. The others come from the number ranges of the benchmark: tables are
    knowledge, like the facts of the choices, and what is held out is questions.
    """
    rng = random.Random(f"sums {key}")
    steps = list(options["problem"].steps)
    while len(steps) < SUMS:
        steps += draw_problem(rng, 1, options["numbers"]).steps
    yield None, "\n".join(f"{x} {SIGNS[operation]} {y} = {z}" for operation, x, y, z in steps)


TASKS = {
    "reasoning": reasoning,
    "context": context,
    "text": plain_text,
    "translation": translation,
    "pairs": pairs,
    "sums": sums,
}
