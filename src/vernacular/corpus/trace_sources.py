"""Where raw traces come from: the miniature, which spoils some of its own at known rates, or a source of real data."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from vernacular.answers.extract import last_box
from vernacular.corpus.formats import FORMATS
from vernacular.corpus.miniature import Problem, render_completion, shape_of, share_of, training_problems
from vernacular.corpus.options import TracesOptions
from vernacular.corpus.sources import files_of
from vernacular.corpus.traces import FLAWS
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.phrasebook import load_phrasebook
from vernacular.language.prompts import join_completion, split_completion
from vernacular.storage.records import read_rows

Flaws = dict[str, float]  # flaw -> share of the rows

LOOP = 4000  # characters; a filter's upper limit must be lower for it to catch loops


def raw_traces(place: str | Path, options: TracesOptions) -> Iterator[dict[str, Any]]:
    """The rows of records.RAW_TRACE. place: a source's folder if the options have a `format`, else the questions."""
    if options.format:
        return source_traces(options.format, Path(place), options.languages)
    name, benchmarks = options.benchmark, options.benchmarks
    if name not in benchmarks:
        raise ValueError(f"--options: benchmark '{name}' is not one of {', '.join(sorted(benchmarks))}")
    problems = training_problems(name, benchmarks[name], options.hash_range, options.seed)
    if not problems:
        raise ValueError(f"--options: hash_range {options.hash_range} holds no question of '{name}'")
    rows = read_rows(place, columns=["id", "language", "question", "answer"])
    longer = {"restate": options.restate, "check": options.check}
    setting = benchmarks[name]["setting"]
    return flawed_traces(rows, problems, options.languages, options.flaws, options.seed, setting, longer)


def source_traces(name: str, folder: Path, languages: list[str]) -> Iterator[dict[str, Any]]:
    """Real traces of the format `name`, in those of `languages` that are there.

    Where a file's name does not tell the language, it is that of the instruction, identified among `languages`. The
    answer is what the response has in its box, None without one. Raises ValueError for a broken file, and where no file
    fits.
    """
    identifier = LanguageIdentifier(languages)

    @cache
    def language_of(instruction: str) -> str | None:
        return identifier.identify([instruction])[0]

    for path, named in files_of(name, folder, "train"):
        for example in FORMATS[name].reader(path, named):
            language = named or language_of(example.instruction)
            if language in languages:
                answer = last_box(split_completion(example.completion or "")[1])
                fields = {"id": example.id, "question": example.question, "completion": example.completion}
                yield fields | {"language": language, "answer": answer, "source": path.name, "flaw": None}


def flawed_traces(
    questions: Iterable[dict[str, Any]],
    problems: dict[str, Problem],
    languages: list[str],
    flaws: Flaws,
    seed: int,
    setting: str = "story",
    longer: Mapping[str, float] = {},
) -> Iterator[dict[str, Any]]:
    """One completion for each of `problems` in each of `languages` (records.RAW_TRACE), some with one known flaw.

    questions: records.QUESTION rows; those of other problems or languages are skipped. flaws: flaw -> share of the
    rows, drawn by a hash of (id, language, seed). `duplicate` adds a copy after a sound row, and the flaw is the
    copy's. setting: of the questions; longer: the shares of `restate` and `check` (miniature.Shape). Raises ValueError
    for bad rates, and if the questions do not match the problems.
    """
    check_flaws(flaws, languages)
    missing = len(problems) * len(languages)
    for row in questions:
        identifier, language = row["id"], row["language"]
        if identifier not in problems or language not in languages:
            continue
        problem = problems[identifier]
        if row["answer"] != str(problem.answer):
            answers = f"the answer {row['answer']}, its problem {problem.answer}"
            advice = "use the options and the seed that the questions were made with"
            raise ValueError(f"question '{identifier}' ({language}) has {answers}: {advice}")
        missing -= 1
        flaw = draw_flaw(f"{identifier} {language} {seed} flaw", flaws)
        choice = random.Random(f"{identifier} {language} {seed} spoil")
        shape = shape_of(f"{identifier} {language} {seed}", longer, setting, None)
        render = partial(render_completion, identifier=identifier, problem=problem, seed=seed, shape=shape)
        sound = flaw in ("none", "duplicate")
        completion = render(language) if sound else spoil(flaw, render, problem.answer, language, languages, choice)
        fields = {key: row[key] for key in ("id", "language", "question", "answer")}
        raw = fields | {"completion": completion, "source": "miniature", "flaw": flaw}
        if flaw == "duplicate":
            yield raw | {"flaw": "none"}
        yield raw
    if missing:
        raise ValueError(f"{missing} of the {len(problems) * len(languages)} questions asked for are not in the file")


def check_flaws(flaws: Flaws, languages: list[str]) -> None:
    if unknown := sorted(set(flaws) - set(FLAWS)):
        raise ValueError(f"flaws: '{unknown[0]}' is not a flaw; choose from: {', '.join(FLAWS)}")
    if any(rate < 0 for rate in flaws.values()) or sum(flaws.values()) > 1:
        raise ValueError(f"flaws: the shares must not be negative and must add up to at most 1, not {flaws}")
    if len(languages) < 2 and (flaws.get("wrong-language") or flaws.get("code-switched")):
        raise ValueError("flaws: 'wrong-language' and 'code-switched' need at least two languages")


def draw_flaw(key: str, flaws: Flaws) -> str:
    share, bound = share_of(key), 0.0
    for flaw in FLAWS:
        bound += flaws.get(flaw, 0.0)
        if share < bound:
            return flaw
    return "none"


def spoil(
    flaw: str, render: Callable[[str], str], answer: int, language: str, languages: list[str], choice: random.Random
) -> str:
    """The completion in `language` with one flaw. render: language -> the right completion."""
    trace, response = split_completion(render(language))
    lines = trace.split("\n")
    if flaw in ("wrong-language", "code-switched"):
        other = choice.choice([code for code in languages if code != language])
        foreign = split_completion(render(other))[0].split("\n")
        if flaw == "wrong-language":
            lines = foreign
        elif len(lines) == 1:
            lines += foreign  # a single step is said again in the other language
        else:
            start = choice.randrange(1, len(lines))
            end = choice.choice([start + 1, len(lines)])
            lines[start:end] = foreign[start:end]
    elif flaw == "wrong-answer":
        response = response.replace(f"{{{answer}}}", f"{{{wrong_answer(answer, choice)}}}")
    elif flaw == "no-box":
        response = load_phrasebook(language)["answer"].format(answer=answer)
    elif flaw == "no-end-of-thinking":
        return "\n".join([*lines, response] if choice.random() < 0.5 else lines)  # without the tag, or cut off at it
    elif flaw == "too-long":
        lines += lines[-1:] * (LOOP // len(lines[-1]) + 1)
    return join_completion("\n".join(lines), response)


def wrong_answer(answer: int, choice: random.Random) -> int:
    """Off by one or two, or by ten, or with two neighbouring digits swapped."""
    digits = str(answer)
    swapped = {int(digits[:i] + digits[i + 1] + digits[i] + digits[i + 2 :]) for i in range(len(digits) - 1)}
    return choice.choice(sorted((swapped | {answer + offset for offset in (-2, -1, 1, 2, 10)}) - {answer}))
