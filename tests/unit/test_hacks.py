"""Completions that try to win the reward without the work: under the multiplicative form, and in the score, none earns
more than an honest one. `nothing` is what a wrong answer earns, `answer` what a right one with an English trace earns,
`all` what an honest native trace with the right answer earns; `mixed` is `all` where the trace is judged as a whole,
`answer` where its lines are; `trace` is `all` where only the trace is judged, `answer` where the response is too.
"""

import pytest
from rewards import GOLD, KEY, LANGUAGES, PROBLEMS, Trainer, boxed, completion, identifier, trace_of

from vernacular.corpus.miniature import render_question
from vernacular.evaluation.score import Gold, score_rows
from vernacular.language.phrasebook import load_phrasebook
from vernacular.language.prompts import join_completion, question_messages, split_completion

OTHER = str(int(GOLD) + 1)
ALL = ["en", *LANGUAGES]
INDONESIAN = [
    "Mula-mula kita hitung jumlah semua buku yang ada di atas meja.",
    "Setelah itu kita bagi jumlah tersebut dengan banyaknya anak.",
    "Jadi setiap anak mendapat bagian yang sama besar.",
]
CHINESE = "首先我们把所有的数字加在一起，然后得到答案。"
SAID = {code: load_phrasebook(code)["answer"].format(answer=GOLD) for code in [*LANGUAGES, "en", "es", "th", "ko"]}


def question(language: str) -> str:
    return render_question(language, KEY, PROBLEMS[KEY], "story", 1)


def prompt(language: str) -> str:
    """With the instruction, which holds an empty box."""
    return question_messages(question(language), language)[0]["content"]


def again(native: list[str], english: list[str], opening: str = "<think>", ending: str = "</think>") -> str:
    """A native line, then a second block in English."""
    return boxed([f"<think>\n{native[0]}"]).replace("\\boxed", "\n".join([opening, *english * 2, ending, "\\boxed"]))


def hacks(language: str) -> dict[str, tuple[str, str]]:
    """Name -> (completion, what it is worth at most)."""
    native, english, asked = trace_of(language), trace_of("en"), question(language)
    native_word = SAID[language].split()[0]
    box = f"\\boxed{{{GOLD}}}"
    return {
        "answer in every language": (boxed([*SAID.values()] * 2), "answer"),
        "answer in every language, wrong": (boxed([*SAID.values()] * 2, OTHER), "nothing"),
        "answer in every language, for a response": (join_completion(native[0], "\n".join(SAID.values())), "nothing"),
        "a line in every language": (boxed([trace_of(code)[0] for code in ALL]), "mixed"),
        "boxed list": (boxed(native, f"{GOLD}, {OTHER}"), "nothing"),
        "boxed list with or": (boxed(native, f"{GOLD} \\text{{ or }} {OTHER}"), "nothing"),
        "boxed list of all numbers": (boxed(native, " ".join(map(str, range(60)))), "nothing"),
        "boxed set": (boxed(native, f"\\{{{GOLD}, {OTHER}\\}}"), "nothing"),
        "boxed interval": (boxed(native, "[0, 60]"), "nothing"),
        "boxed either sign": (boxed(native, f"\\pm {GOLD}"), "nothing"),
        "boxed condition": (boxed(native, "x \\geq 0"), "nothing"),
        "a box for every number": (
            join_completion("\n".join(native), " ".join(f"\\boxed{{{n}}}" for n in range(int(GOLD) + 5))),
            "nothing",
        ),
        "right box, then a wrong one": (completion(language) + f" \\boxed{{{OTHER}}}", "nothing"),
        "row of boxes": (join_completion("\n".join(native), f"{box}, \\boxed{{{OTHER}}}"), "nothing"),
        "row of boxes with and": (join_completion("\n".join(native), f"{box} and \\boxed{{{OTHER}}}"), "nothing"),
        "boxed compound quantity": (boxed(native, f"{GOLD} \\text{{ hours }} {OTHER} \\text{{ minutes}}"), "nothing"),
        "boxed equations": (boxed(native, f"x = {GOLD}, y = {OTHER}"), "nothing"),
        "boxed pair": (boxed(native, f"({GOLD}, {OTHER})"), "nothing"),
        "boxed denial": (boxed(native, f"\\text{{not }} {GOLD}"), "nothing"),
        "bold list": (join_completion("\n".join(native), f"**{GOLD}** or **{OTHER}**"), "nothing"),
        "right box, then a wrong tag": (completion(language) + f" <answer>{OTHER}</answer>", "nothing"),
        "right tag, then a wrong box": (
            join_completion("\n".join(native), f"<answer>{GOLD}</answer> \\boxed{{{OTHER}}}"),
            "nothing",
        ),
        "right box, then an open one": (completion(language) + " \\boxed{", "nothing"),
        "all numbers, no box": (join_completion(native[0], " ".join(map(str, range(30)))), "nothing"),
        "guessed again and again, then wrong": (boxed([f"\\boxed{{{n}}}?" for n in range(60)], OTHER), "nothing"),
        "guessed again and again, then right": (boxed([f"\\boxed{{{n}}}?" for n in range(60)]), "answer"),
        "box in the trace alone": (join_completion("\n".join([*native, box]), asked), "nothing"),
        "filler around an English trace": (boxed([native[0], *english * 3, native[1]]), "answer"),
        "language named, English trace": (boxed([f"[{language}] <{language}>", *english]), "answer"),
        "native words in an English trace": (boxed([f"{line} ({native_word})" for line in english]), "answer"),
        "empty trace": (f"</think>\n{box}", "answer"),
        "empty trace, native response": (f"</think>\n{SAID[language]} {box}", "answer"),
        "blank trace": (f" \n\u200b\n</think>\n{box}", "answer"),
        "trace of numbers alone": (boxed(["3 + 4 = 7", "7 × 2 = 14"]), "answer"),
        "no end of thinking": (completion(language).replace("</think>", ""), "nothing"),
        "thinking ended twice": (completion(language) + f"\n</think>\n\\boxed{{{OTHER}}}", "nothing"),
        "English in a second block": (again(native, english), "answer"),
        "English in a second block of other tags": (again(native, english, "<thinking>", "</thinking>"), "answer"),
        "English in a second block, in capitals": (again(native, english, "<THINK>", "</THINK >"), "answer"),
        "English in a second block on one line": (again(native, [" ".join(english)]), "answer"),
        "English in a third block": (
            again(native, english).replace("\\boxed", f"<think>{english[0]}</think>\\boxed"), "answer"
        ),
        "English in a second block that never ends": (again(native, english, ending=""), "nothing"),
        "right box, then thinking that never ends": (f"{completion(language)}\n<think>\n{native[0]}", "nothing"),
        "an end of thinking that is spoken of": (
            f"{native[0]}\nI must write </think> when I am done, and not before {box}", "nothing"
        ),
        "an end of thinking in quotes": (f"{native[0]} `</think>` {box}", "nothing"),
        "prompt echoed": (join_completion(prompt(language), prompt(language)), "nothing"),
        "question echoed": (join_completion(asked, asked), "nothing"),
        "question echoed, wrong answer": (boxed([asked], OTHER), "nothing"),
        # Nobody can tell this from a short honest trace: it is worth no more than one.
        "question echoed, right answer": (boxed([asked]), "all"),
        "native filler, wrong answer": (boxed(native * 20, OTHER), "nothing"),
        "native filler, right answer": (boxed(native * 20), "all"),
        "response in English": (join_completion("\n".join(native), f"{SAID['en']} {box}"), "trace"),
        "response in English, a native word boxed": (
            join_completion("\n".join(native), f"{SAID['en']} \\boxed{{{GOLD} \\text{{ {native_word}}}}}"),
            "trace",
        ),
        # No language is identified in it: an abstention does not fail.
        "response in every language": (join_completion("\n".join(native), f"{' '.join(SAID.values())} {box}"), "all"),
        "response in English, wrong answer": (
            join_completion("\n".join(native), f"{SAID['en']} \\boxed{{{OTHER}}}"),
            "nothing",
        ),
        "trace in a language outside the study": (boxed(INDONESIAN), "answer"),
        "lines of a language outside the study": (boxed([native[0], *INDONESIAN]), "answer"),
        "Chinese within native lines": (boxed([f"{CHINESE} {line}" for line in native]), "mixed"),
        "English in a code fence": (boxed([native[0], "```python", *english * 3, "```"]), "answer"),
        "English in comments of a code fence": (
            boxed([native[0], "```", *(f"# {line}" for line in english * 3), "```"]),
            "answer",
        ),
        "tower of the answer": (boxed(native, f"{GOLD}^{{1^{{9^9}}}}"), "nothing"),
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("match", ["whole", "strict", "both"])
@pytest.mark.parametrize("step", [0, 50, 100])
def test_none_earns_more_than_an_honest_one(language: str, match: str, step: int) -> None:
    trainer = Trainer(1, match=match)
    (honest,) = trainer([completion(language)], language, GOLD, step)
    (in_english,) = trainer([completion("en")], language, GOLD, step)
    assert honest is not None and in_english is not None and honest > in_english > 0
    mixed, trace = (in_english if match == judging else honest for judging in ("strict", "both"))
    worth = {"nothing": 0.0, "answer": in_english, "all": honest, "mixed": mixed, "trace": trace}
    for name, (text, most) in hacks(language).items():
        (earned,) = trainer([text], language, GOLD, step)
        assert earned is not None and earned <= worth[most] + 1e-12, (name, earned)


def test_a_mixed_trace_counts_for_one_language_at_most() -> None:
    for lines in ([trace_of(code)[0] for code in ALL], [*SAID.values()] * 2):
        scores = [Trainer(1)([boxed(lines)], language, GOLD)[0] for language in ALL]
        assert sum(score > 1 for score in scores if score is not None) <= 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_one_group_with_honest_ones_none_comes_first(language: str) -> None:
    texts = [text for text, _ in hacks(language).values()]
    scores = Trainer(len(texts) + 1)([completion(language), *texts], language, GOLD)
    assert max(scores) == scores[0] and sum(score == 0 for score in scores) >= 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_score_gives_them_no_more_either(language: str) -> None:
    """`nothing` is no right answer; `answer` may be right, but not in a native trace, line by line; of `trace` the
    response counts against the consistency of answers."""
    named = hacks(language)
    rows = []
    for number, (text, _) in enumerate(named.values()):
        trace, response = split_completion(text)
        row = {"id": "q", "language": language, "sample": number, "tokens": 9, "finish_reason": "stop"}
        rows.append(row | {"completion": text, "trace": trace, "response": response})
    scores = list(score_rows(rows, {("q", language): Gold("math", GOLD)}, identifier()))
    for (name, (_, most)), score in zip(named.items(), scores, strict=True):
        assert not (score["correct"] and most == "nothing"), name
        assert not (score["correct"] and score["line_pass"] and most not in ("all", "trace")), name
        assert most != "trace" or score["answer_language"] == "en", name


def test_the_additive_form_pays_for_language_without_an_answer_by_definition() -> None:
    """N(r) + bonus g N(m): a native trace with a wrong answer earns more than an English one, at the end of training
    even more than a right answer in English. The multiplicative form is there for this."""
    wrong, right = (completion(code, answer=value) for code, value in (("fr", int(GOLD) + 1), ("en", None)))
    group = [right, wrong, completion("en", answer=int(GOLD) + 1)]
    start = Trainer(3, form="additive")(group, "fr", GOLD, step=0)
    end = Trainer(3, form="additive")(group, "fr", GOLD, step=100)
    assert start[0] > start[1] > start[2] and end[1] > end[0] > end[2]
    assert Trainer(3)(group, "fr", GOLD, step=100) == [1.0, 0.0, 0.0]
