"""The formats of real data: what their files are called, what they give, and how each is read.

A new format is one reader, which gives the examples of one file, and one entry of FORMATS. A broken file is a
ValueError: one line with path and place.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from vernacular.corpus.readers import (
    json_rows,
    parquet_rows,
    shown,
    table_rows,
    text_lines,
    text_of,
    text_or_number,
    whole,
)
from vernacular.language.languages import ENGLISH, load_languages
from vernacular.language.phrasebook import LABELS

PHRASEBOOK = "phrasebook"  # the source that the miniature makes itself
TASKS = {"reasoning": "solutions", "translation": "pairs", "pairs": "pairs"}  # of `data` -> what a source must give


class Example(NamedTuple):
    id: str  # shared by translations
    language: str
    question: str
    answer: str | None = None
    completion: str | None = None  # a solution or trace as it is written there
    choices: list[str] | None = None
    instruction: str = ""  # of a trace, in its language
    place: str = ""  # file and line, entry or row, for errors


def mgsm(path: Path, language: str) -> Iterator[Example]:
    """MGSM and MGSM-Rev2 (Shi et al., 2022; arXiv 2511.05162): question, tab, answer; line n is the same question.

    Empty lines at the end are none.
    """
    blank = 0
    for number, line in enumerate(text_lines(path), 1):
        if not line.strip():
            blank = blank or number
            continue
        place, columns = f"{path}: line {number}", line.split("\t")
        if blank:
            place, columns = f"{path}: line {blank}", []
        if len(columns) > 2:
            raise ValueError(f"{place} has {len(columns)} columns, not two (question, tab, answer); cut the others off")
        if len(columns) < 2 or not columns[0].strip() or not columns[1].strip():
            raise ValueError(f"{place} is not of the form question, tab, answer")
        if number == 1 and is_header(*columns):
            raise ValueError(f"{place} is a header, not a question; delete it: line n is the same in every language")
        answer = columns[1].strip()
        if language != ENGLISH and THOUSANDS.fullmatch(answer):
            meant = answer.replace(".", "")
            raise ValueError(f"{place}, column 2: '{answer}' may be {meant}; write it as 1250 or 1,250")
        yield Example(f"{number:05d}", language, columns[0], answer, place=place)
    if blank == 1:
        raise ValueError(f"{path}: line 1 is not of the form question, tab, answer")


THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")  # as German writes them, or a number with three decimals


def is_header(question: str, answer: str) -> bool:
    """Whether a first line names its columns, in any language: a word or two, and a word (our choice)."""
    return len(question.split()) <= 2 and answer.strip().isalpha() and (len(answer) > 1 or question in ("q", "Q"))


def mgsm_json_lines(path: Path, language: str) -> Iterator[Example]:
    """MGSM with Korean (dayeonki/multilingual_reasoning): id (from 1), question, answer, replaced."""
    for place, row in json_rows(path, ("id", "question", "answer")):
        number = whole(row["id"], f"{place}: id")
        if number < 0:
            raise ValueError(f"{place}: id is {number}, not a number of at least 0")
        question, answer = text_of(row, "question", place), text_or_number(row, "answer", place)
        yield Example(f"{number:05d}", language, question, answer, place=place)


def msvamp(path: Path, language: str) -> Iterator[Example]:
    """MSVAMP (Chen et al., arXiv 2310.20246): query (English), equation, response (a number), m_query.

    Line n is the same question in every language.
    """
    for number, (place, row) in enumerate(json_rows(path, ("m_query", "response")), 1):
        question, answer = text_of(row, "m_query", place), text_or_number(row, "response", place)
        yield Example(f"{number:05d}", language, question, answer, place=place)


def gsm8k(path: Path, _: str | None) -> Iterator[Example]:
    """GSM8K (Cobbe et al., arXiv 2110.14168): question, answer (a solution that ends in `#### 18`); English."""
    for number, (place, row) in enumerate(table_rows(path, ("question", "answer")), 1):
        question, solution = text_of(row, "question", place), text_of(row, "answer", place)
        answer = final_number(solution)
        if answer is None:
            raise ValueError(f"{place}: 'answer' does not end in #### and a number")
        yield Example(f"{number:05d}", ENGLISH, question, answer, completion=solution, place=place)


def x_csqa(path: Path, language: str) -> Iterator[Example]:
    """X-CSQA (Lin et al., 2021): id, question {stem, choices {label, text}}, answerKey. Some options are empty."""
    for place, row in table_rows(path, ("id", "question", "answerKey")):
        stem, labels, texts = choice_of(row["question"], place)
        if labels != list("ABCDE")[: len(labels)]:  # what verdicts know
            raise ValueError(f"{place}: the choices are labelled {shown(labels)}, not A, B, C, at most to E")
        key = text_of(row, "answerKey", place).strip()
        if key not in labels:
            advice = "the keys of the test split are withheld, take dev"
            raise ValueError(f"{place}: the key '{key}' is not one of the choices; {advice}")
        if not (name := text_or_number(row, "id", place)):
            raise ValueError(f"{place}: 'id' is empty; restore it")
        yield Example(name, language, stem, key, completion=key, choices=texts, place=place)


def choice_of(question: Any, place: str) -> tuple[str, list[str], list[str]]:
    """(stem, labels, texts) of X-CSQA's column `question`; ValueError where it is anything else."""
    if not isinstance(question, dict):
        raise ValueError(f"{place}: 'question' is {shown(question)}, not a stem and its choices")
    choices = question.get("choices")
    if isinstance(choices, list):  # JSON lines have a list of pairs, Parquet a pair of lists
        pairs = [choice if isinstance(choice, dict) else {} for choice in choices]
        choices = {key: [choice.get(key) for choice in pairs] for key in ("label", "text")}
    found = choices if isinstance(choices, dict) else {}
    labels, texts = found.get("label") or [], found.get("text") or []
    told = isinstance(labels, list) and isinstance(texts, list) and len(labels) == len(texts) > 1
    if not told or not all(isinstance(one, str) for one in [*labels, *texts]):
        raise ValueError(f"{place}: 'choices' is {shown(choices)}, not two or more labels with their texts")
    return text_of(question, "stem", place), labels, texts


def xnli(path: Path, language: str) -> Iterator[Example]:
    """XNLI (Conneau et al., 2018): premise, hypothesis, label (0 to 2); row n is the same in every language."""
    for number, (place, row) in enumerate(table_rows(path, ("premise", "hypothesis", "label")), 1):
        label = whole(row["label"], f"{place}: label")
        if label not in range(3):
            raise ValueError(f"{place}: the label is {label}, not 0, 1 or 2")
        parts = [" ".join(text_of(row, part, place).split()) for part in ("premise", "hypothesis")]
        if not all(parts):
            raise ValueError(f"{place}: premise or hypothesis is blank; restore it")
        yield Example(f"{number:06d}", language, "\n".join(parts), LABELS[label], completion=LABELS[label], place=place)


WRAPPED = re.compile(r"\A(?:Solve the following math problem[^\n]*|[^\n]*\\boxed\{\}[^\n]*)\n\n")
REMINDER = re.compile(r'\n\nRemember to put your answer on its own line after "Answer:"\.\s*\Z')


def dapo(path: Path, _: str | None) -> Iterator[Example]:
    """DAPO-Math-17k (arXiv 2503.14476), English, and AdaMame's part of it in five languages (a column `lang`).

    The question comes in a message, wrapped in instructions that are left out: ours come from the phrasebooks. The
    original repeats each question about a hundred times; the first one counts.
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
        language = row.get("lang") or ENGLISH
        if language not in load_languages():
            raise ValueError(f"{place}: the language is '{language}'; known: {' '.join(load_languages())}")
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
    codes = codes_by_name()
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


def final_number(solution: str) -> str | None:
    """What follows the last `####` (GSM8K) or `The answer is:` (MetaMath); None if there is neither."""
    found = re.findall(r"(?:####|[Tt]he answer is:?)\s*([^\n]+)", solution)
    return (found[-1].strip().rstrip(".").strip() or None) if found else None


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

    files: a pattern of their paths below the source's folder, with a group `language` (a code) or `name` (in English)
    where the path tells the language, and `split` where it tells the split. splits: ours -> the pattern of that group;
    where paths tell no split, ALL. reader: (path, language or None) -> examples.
    """

    files: str
    splits: dict[str, str]
    reader: Callable[[Path, Any], Iterator[Example]]
    kind: str = "math"  # of its questions
    gives: tuple[str, ...] = ("questions",)  # and: solutions, pairs, traces
    gold: str = "'answer'"  # what holds the right answer, for errors
    dev_share: float = 0.0  # of its training questions, which are dev where its files tell no splits


CODE = r"(?P<language>[a-z]{2})"
PART = r"(?:-\d+-of-\d+)?"
ALL = ".*"
X_CSQA_FILES = rf"(?:X-CSQA-)?{CODE}/(?P<split>train|dev|validation){PART}\.(?:parquet|jsonl)"
X_CSQA_SPLITS = {"train": "train", "test": "dev|validation"}  # test keys are withheld, so everybody evaluates dev
GSM8K_FILES = rf"(?P<split>train|test){PART}\.(?:parquet|jsonl)"
XNLI_FILES = rf"{CODE}/(?P<split>train|validation|test){PART}\.parquet"
XNLI_SPLITS = {"train": "train", "dev": "validation", "test": "test"}

FORMATS: dict[str, Format] = {
    "mgsm": Format(rf"mgsm_{CODE}\.tsv", {"test": ALL}, mgsm, gold="column 2"),
    "mgsm-jsonl": Format(rf"{CODE}\.jsonl", {"test": ALL}, mgsm_json_lines),
    "msvamp": Format(r"test_(?P<name>[A-Z][a-z]+)\.jsonl?", {"test": ALL}, msvamp, gold="'response'"),
    "gsm8k": Format(GSM8K_FILES, {"train": "train", "test": "test"}, gsm8k, gives=("questions", "solutions")),
    "x-csqa": Format(X_CSQA_FILES, X_CSQA_SPLITS, x_csqa, "choice", ("questions", "solutions")),
    "xnli": Format(XNLI_FILES, XNLI_SPLITS, xnli, "entailment", ("questions", "solutions")),
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


def source_files(name: str, folder: Path, split: str) -> Iterator[tuple[Path, str | None]]:
    """(path, language) of the files of a split in a folder, in order; None if the path does not tell the language."""
    form, codes = FORMATS[name], codes_by_name()
    for path in sorted(folder.rglob("*")):
        found = re.fullmatch(form.files, path.relative_to(folder).as_posix())
        if found and path.is_file():
            groups = found.groupdict()
            if re.fullmatch(form.splits[split], groups.get("split") or ""):
                yield path, groups.get("language") or codes.get(groups.get("name", ""))


def codes_by_name() -> dict[str, str]:
    """English name of a language -> its code."""
    return {entry["name"]: code for code, entry in load_languages().items()}
