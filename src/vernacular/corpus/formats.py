"""The formats of real data: what their files are called, what they give, and how each is read.

A new format is one reader, which gives the examples of one file, and one entry of FORMATS. A broken file is a
ValueError: one line with path and place.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from vernacular.corpus.benchmark_formats import final_number, gsm8k, mgsm, mgsm_json_lines, msvamp, x_csqa, xnli
from vernacular.corpus.choice_formats import belebele, global_mmlu, include
from vernacular.corpus.math_formats import afrimgsm, aime, global_mgsm, mclm, mmath, polymath
from vernacular.corpus.question_lines import question_lines
from vernacular.corpus.readers import Example, json_rows, parquet_rows, shown, text_lines, text_of, text_or_number
from vernacular.language.languages import ENGLISH, code_of, load_languages

PHRASEBOOK = "phrasebook"  # the source that the miniature makes itself
OWN = "questions"  # the format of which the source itself says kind and names of columns
TASKS = {"reasoning": "solutions", "translation": "pairs", "pairs": "pairs"}  # of `data` -> what a source must give


WRAPPED = re.compile(r"\A(?:Solve the following math problem[^\n]*|[^\n]*\\boxed\{\}[^\n]*)\n\n")
REMINDER = re.compile(r'\n\nRemember to put your answer on its own line after "Answer:"\.\s*\Z')


def dapo(path: Path, _: str | None) -> Iterator[Example]:
    """DAPO-Math-17k (arXiv 2503.14476), English, and AdaMame's part of it in five languages (a column `lang`).

    The question comes in a message, wrapped in instructions that are left out: the study's `prompts` bring their own.
    The original repeats each question about a hundred times; the first one counts.
    """
    seen: set[tuple[str, str]] = set()
    for place, row in parquet_rows(path, ("prompt", "reward_model"), optional=("lang",)):
        messages, model = row["prompt"], row["reward_model"]
        if not (isinstance(messages, list) and messages and isinstance(messages[-1], dict)):
            raise ValueError(f"{place}: 'prompt' is {shown(messages)}, not a list of messages")
        if not isinstance(model, dict) or model.get("ground_truth") is None:
            raise ValueError(f"{place}: 'reward_model' is {shown(model)}, without a ground_truth")
        content, answer = text_of(messages[-1], "content", place), text_or_number(model, "ground_truth", place)
        question = REMINDER.sub("", WRAPPED.sub("", content)).strip()
        language = row.get("lang", ENGLISH)
        if language not in load_languages():
            raise ValueError(f"{place}: the language is {shown(language)}; known: {' '.join(load_languages())}")
        if (language, question) not in seen:
            seen.add((language, question))
            yield Example(f"{len(seen):05d}", language, question, answer, place=place)


PROMPT = re.compile(r"in (?P<name>\w+)\.\s.*?### Instruction:\n(?P<question>.*?)\n\n### Response:", re.DOTALL)


def gsm8k_instruct(path: Path, _: str | None) -> Iterator[Example]:
    """GSM8KInstruct (Chen et al., arXiv 2310.20246): prompt, chosen (reject is empty).

    The prompt names its language and holds the question. There is no id: an English question comes first, then its
    translations, some of which are missing. Languages that we do not know are left out, and so is a second text in a
    language.
    """
    codes = {entry["name"]: code for code, entry in load_languages().items()}
    number = 0
    seen: set[str] = set()
    for place, row in json_rows(path, ("prompt", "chosen")):
        found = PROMPT.search(text_of(row, "prompt", place))
        if not found:
            raise ValueError(f"{place}: no '... in <language>. ... ### Instruction: ... ### Response:' in the prompt")
        language = codes.get(found["name"])
        if language == ENGLISH:
            number, seen = number + 1, set()
        if language is None or language in seen or not number:
            continue
        seen.add(language)
        question, solution = found["question"].strip(), text_of(row, "chosen", place).strip()
        answer = final_number(solution)
        yield Example(f"{number:05d}", language, question, answer, completion=solution, place=place)


def metamath(path: Path, _: str | None) -> Iterator[Example]:
    """MetaMathQA (Yu et al., arXiv 2309.12284): one list of query, response, type, original_question; English."""
    for number, (place, row) in enumerate(json_rows(path, ("query", "response")), 1):
        question, solution = (text_of(row, name, place).strip() for name in ("query", "response"))
        yield Example(f"{number:06d}", ENGLISH, question, final_number(solution), completion=solution, place=place)


def bitext(path: Path, language: str) -> Iterator[Example]:
    """Pairs of sentences, as Lego-MT's for MindMerger: <xx>-<yy>/<name>.<xx> and <name>.<yy>, one of them English.

    Line n of one is the translation of line n of the other; both get the same id.
    """
    pair = path.parent.name.split("-")
    other = pair[1 - pair.index(language)] if language in pair else None
    if other is None or ENGLISH not in pair:
        raise ValueError(f"{path}: must be in a folder such as en-{language} or {language}-en")
    sides = [path.with_suffix(f".{code}") for code in (language, other)]
    lengths = [sum(1 for _ in text_lines(side)) for side in sides]
    if lengths[0] != lengths[1]:
        raise ValueError(f"{path}: {lengths[0]} lines, but its translation has {lengths[1]}")
    foreign = language if language != ENGLISH else other
    for number, (text, translation) in enumerate(zip(*map(text_lines, sides), strict=True), 1):
        if text.strip() and translation.strip():
            yield Example(f"{foreign}-{number:06d}", language, text.strip())


INSTRUCTION = re.compile(r"\A([^\n]*\\boxed\{\}[^\n]*)\n\n")


def adamame_traces(path: Path, language: Any) -> Iterator[Example]:
    """AdaMame's traces for SFT (arXiv 2606.15080, its `1_sft/data`): a list of instruction, input (empty), output.

    The instruction is one line in the trace's language, a blank line, the question; the output is trace, `</think>`,
    response. That line is given as `instruction`: nothing else tells the language where the file's name does not. The
    gold answer is not there.
    """
    for number, (place, row) in enumerate(json_rows(path, ("instruction", "output")), 1):
        instruction = text_of(row, "instruction", place)
        found = INSTRUCTION.match(instruction)
        if not found:
            raise ValueError(f"{place}: the instruction is not a line with \\boxed{{}}, a blank line and the question")
        question, name = instruction[found.end() :].strip(), f"{path.stem}-{number:06d}"
        output = text_of(row, "output", place)
        yield Example(name, language, question, completion=output, instruction=found[1], place=place)


class Format(NamedTuple):
    """What a format's files are called, how they are read and what they give.

    files: a pattern of their paths below the source's folder, with a group `language` (a code) or `name` (what the set
    calls it, as code_of knows it) where the path tells the language, and `split` where it tells the split. splits: ours
    -> the pattern of that group; where paths tell no split, ALL. reader: (path, language or None) -> examples.
    """

    files: str
    splits: dict[str, str]
    reader: Callable[[Path, Any], Iterator[Example]]
    kind: str = "math"  # of its questions
    gives: tuple[str, ...] = ("questions",)  # and: solutions, pairs, traces
    gold: str = "'answer'"  # what holds the right answer, for errors
    dev_share: float = 0.0  # of its training questions, which are dev where its files tell no splits
    prose: bool = False  # some of its published answers are prose: their questions are left out, and the log says so


CODE = r"(?P<language>[a-z]{2})"
PART = r"(?:-\d+-of-\d+)?"
ALL = ".*"
X_CSQA_FILES = rf"(?:X-CSQA-)?{CODE}/(?P<split>train|dev|validation){PART}\.(?:parquet|jsonl)"
X_CSQA_SPLITS = {"train": "train", "test": "dev|validation"}  # test keys are withheld, so everybody evaluates dev
GSM8K_FILES = rf"(?:main/)?(?P<split>train|test){PART}\.(?:parquet|jsonl)"
XNLI_FILES = rf"{CODE}/(?P<split>train|validation|test){PART}\.parquet"
XNLI_SPLITS = {"train": "train", "dev": "validation", "test": "test"}
INCLUDE_FILES = rf"(?P<name>[A-Z][A-Za-z ]+)/(?P<split>validation|test){PART}\.parquet"
LITE_FILES = rf"(?P<language>[a-z]{{2,3}})/(?P<split>dev|test){PART}\.parquet"
AFRIMGSM_FILES = r"(?:data/)?(?P<name>[a-z]{3})/(?P<split>dev|train|test)\.tsv"

FORMATS: dict[str, Format] = {
    OWN: Format(r".+\.(?:jsonl?|csv|tsv|parquet)", {"test": ALL}, question_lines),
    "mgsm": Format(rf"mgsm_{CODE}\.tsv", {"test": ALL}, mgsm, gold="column 2"),
    "mgsm-jsonl": Format(rf"{CODE}\.jsonl", {"test": ALL}, mgsm_json_lines),
    "msvamp": Format(r"test_(?P<name>[A-Z][a-z]+)\.jsonl?", {"test": ALL}, msvamp, gold="'response'"),
    "gsm8k": Format(GSM8K_FILES, {"train": "train", "test": "test"}, gsm8k, gives=("questions", "solutions")),
    "x-csqa": Format(X_CSQA_FILES, X_CSQA_SPLITS, x_csqa, "choice", ("questions", "solutions")),
    "xnli": Format(XNLI_FILES, XNLI_SPLITS, xnli, "entailment", ("questions", "solutions")),
    "mmath": Format(rf"(?:mmath/)?{CODE}\.json", {"test": ALL}, mmath),
    "polymath": Format(
        rf"(?:data/)?{CODE}/(?:low|medium|high|top)\.(?:parquet|jsonl)", {"test": ALL}, polymath, prose=True
    ),
    "mclm": Format(r"mt-(?:math100|aime2024)\.parquet", {"test": ALL}, mclm, prose=True),
    "global-mgsm": Format(rf"{CODE}/test{PART}\.parquet", {"test": ALL}, global_mgsm),
    "afrimgsm": Format(AFRIMGSM_FILES, {"train": "dev|train", "test": "test"}, afrimgsm),
    "aime": Format(rf"(?:.+/)?{CODE}{PART}\.(?:parquet|jsonl)", {"test": ALL}, aime),
    "include": Format(INCLUDE_FILES, {"dev": "validation", "test": "test"}, include, "choice"),
    "global-mmlu-lite": Format(LITE_FILES, {"dev": "dev", "test": "test"}, global_mmlu, "choice"),
    "belebele": Format(r"(?:data/)?(?P<name>[a-z]{3}_[A-Z][a-z]{3})\.jsonl", {"test": ALL}, belebele, "choice"),
    "dapo": Format(r"[^/]+\.parquet", {"train": ALL}, dapo, gold="'ground_truth'"),
    "gsm8k-instruct": Format(
        r"[^/]+\.jsonl?",
        {"train": ALL, "dev": ALL},
        gsm8k_instruct,
        gives=("questions", "solutions", "pairs"),
        gold="'chosen'",
        dev_share=0.05,  # our choice: its questions are parallel in ten languages, so some of them can be dev
    ),
    "metamath": Format(r"MetaMathQA[^/]*\.json", {"train": ALL}, metamath, gives=("solutions",)),
    "bitext": Format(rf"[a-z]{{2}}-[a-z]{{2}}/[^/]+\.{CODE}", {"train": ALL}, bitext, gives=("pairs",)),
    "adamame-traces": Format(rf"(?:{CODE}_)?[^/]+\.json", {"train": ALL}, adamame_traces, gives=("traces",)),
}


Source = Mapping[str, Any]  # its entry in the configuration, as far as it says how files are read: format, kind, ...


def form_of(source: Source | str) -> Format:
    """The format of a source. source: its entry, which may say what `split` it is, or the name of its format."""
    entry: Source = {"format": source} if isinstance(source, str) else source
    form, kind = FORMATS[entry["format"]], entry.get("kind") or "math"
    if entry["format"] != OWN:
        return form._replace(splits={entry["split"]: ALL}) if entry.get("split") else form
    reader = partial(question_lines, columns=entry.get("columns"), kind=kind)
    return form._replace(kind=kind, splits={entry.get("split") or "test": ALL}, reader=reader)


def source_files(source: Source | str, folder: Path, split: str) -> Iterator[tuple[Path, str | None]]:
    """(path, language) of the files of a split in a folder, in order; None if the path does not tell the language.

    Files whose name is not a language's do not count. folder: or the one file.
    """
    form = form_of(source)
    start = folder.parent if folder.is_file() else folder
    for path in [folder] if folder.is_file() else sorted(folder.rglob("*")):
        found = re.fullmatch(form.files, path.relative_to(start).as_posix())
        if found and path.is_file():
            groups = found.groupdict()
            language = code_of(groups["name"]) if "name" in groups else groups.get("language")
            is_known = language is not None or "name" not in groups
            if is_known and re.fullmatch(form.splits[split], groups.get("split") or ""):
                yield path, language
