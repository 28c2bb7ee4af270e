"""What other tools log of an evaluation or a training, as lines with the keys of corpus.lines.LINE.

A shape is told by the keys of a file's first row. Layouts are those of lm-evaluation-harness 0.4.13, lighteval 0.13,
Inspect 0.3.285, TRL 1.16 and verl 0.9.1.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vernacular.corpus.lines import LETTERS, LINE
from vernacular.evaluation.task_names import language_in, without_language

Row = Mapping[str, Any]
STAMP = re.compile(r"_\d{4}-\d\d-\d\dT[\d.:-]+$")  # ends the names of files, before the suffix


@dataclass(frozen=True)
class Shape:
    """name: whose log it is; keys: those of a row by which it is told; lines: (row, task) -> lines, one for each
    completion of the row; model, task: of a file, by its path; newest: of several files of a task the last one counts.
    """

    name: str
    keys: frozenset[str]
    lines: Callable[[Row, str], Iterator[dict[str, Any]]]
    model: Callable[[Path], str]
    task: Callable[[Path], str] = lambda path: ""
    newest: bool = False


def text_of(message: Any) -> Any:
    """The text of a chat's last message, its reasoning in think tags before it; anything else unchanged."""
    if isinstance(message, Sequence) and not isinstance(message, str) and message and isinstance(message[-1], Mapping):
        last = message[-1]
        thought = last.get("reasoning_content") or last.get("thinking")
        return f"<think>{thought}</think>{last.get('content') or ''}" if thought else last.get("content")
    return message


def first(row: Row, *names: str) -> Any:
    """The value of the first of these keys that is there and not null."""
    return next((row[name] for name in names if row.get(name) is not None), None)


def task_keys(task: str) -> dict[str, Any]:
    """What a task's name tells: its language, and the benchmark, which is the name without it."""
    return {"language": language_in(task), "benchmark": without_language(task) or None}


def gold(answer: Any) -> dict[str, Any]:
    """The answer, and `choice` for a single letter of a choice; of a GSM8K solution what follows its `####`."""
    answer = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    if isinstance(answer, str):
        answer = answer.rpartition("####")[2].strip()
    return {"answer": answer, "kind": "choice" if isinstance(answer, str) and answer in LETTERS and answer else None}


def of_prompt(prompt: Any) -> str:
    """An id of a prompt, for logs that have none."""
    return hashlib.sha256(str(prompt).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def ours(row: Row, task: str) -> Iterator[dict[str, Any]]:
    yield {key: row[key] for key in row if key in LINE} | {key: row[key] for key in row if key not in LINE}


def lm_eval(row: Row, task: str) -> Iterator[dict[str, Any]]:
    """`resps` holds, for each request, the texts of its repeats; a file with two filters has every document twice."""
    doc = row["doc"] if isinstance(row["doc"], Mapping) else {}
    shared = task_keys(task) | {"id": row["doc_id"], **gold(row.get("target")), "question": first(doc, "question")}
    if (language := first(doc, "language", "lang")) is not None:
        shared["language"] = language_in(str(language)) or language
    texts = [text for answered in row["resps"] for text in (answered if isinstance(answered, list) else [answered])]
    if not texts or not all(isinstance(text, str) for text in texts) or re.match(r"^[\[(]", str(row["resps"][0][0])):
        raise ValueError("'resps' holds likelihoods of choices, not texts; run a task that generates")
    for sample, text in enumerate(texts):
        yield shared | {"completion": text, "sample": sample}


def lighteval(row: Row, task: str) -> Iterator[dict[str, Any]]:
    doc, answered = row["doc"], row["model_response"]
    task = task or str(doc.get("task_name") or "")
    places = doc["gold_index"] if isinstance(doc["gold_index"], Sequence) else [doc["gold_index"]]
    shared = task_keys(task) | {"id": first(doc, "id"), **gold(doc["choices"][places[0]])}
    shared["question"] = first(doc, "original_query", "query")
    shared["id"] = shared["id"] or of_prompt(shared["question"])
    tokens = answered.get("output_tokens") or []
    for sample, text in enumerate(answered["text"]):
        count = len(tokens[sample]) if sample < len(tokens) and isinstance(tokens[sample], Sequence) else None
        yield shared | {"completion": text, "sample": sample, "tokens": count or None}


def inspect(row: Row, task: str) -> Iterator[dict[str, Any]]:
    """A sample of a log; `metadata` may hold its language. Reasoning parts of a message are put in think tags."""
    metadata = row.get("metadata") or {}
    shared = task_keys(task) | {"id": row["id"], **gold(row["target"]), "sample": int(row.get("epoch") or 1) - 1}
    if (language := first(metadata, "language", "lang")) is not None:
        shared["language"] = language
    asked = row.get("input")
    shared["question"] = text_of(asked) if not isinstance(asked, str) else asked
    if not isinstance(shared["question"], str):
        shared["question"] = None
    choices = (row.get("output") or {}).get("choices") or []
    content = choices[0]["message"]["content"] if choices else None
    if isinstance(content, list):
        thoughts = "\n".join(part.get("reasoning") or "" for part in content if part.get("type") == "reasoning")
        said = "\n".join(part.get("text") or "" for part in content if part.get("type") == "text")
        content = f"<think>{thoughts}</think>{said}" if thoughts else said
    usage = (row.get("output") or {}).get("usage") or {}
    yield shared | {"completion": content, "tokens": usage.get("output_tokens")}


def trl(row: Row, task: str) -> Iterator[dict[str, Any]]:
    """Answer and language are columns that a reward logs with `log_extra`, as AdaMameReward does."""
    found = gold(first(row, "answer", "solution", "ground_truth"))
    question = text_of(row["prompt"])
    yield {
        **{"id": first(row, "id") or of_prompt(question), "language": first(row, "language", "lang"), **found},
        **{"completion": text_of(row["completion"]), "question": question if isinstance(question, str) else None},
    }


def verl(row: Row, task: str) -> Iterator[dict[str, Any]]:
    found = gold(first(row, "gts", "ground_truth"))
    language = first(row, "language", "lang")
    yield {
        **{"id": first(row, "id", "uid") or of_prompt(row["input"]), "language": language, **found},
        **{"completion": row["output"], "question": row["input"] if isinstance(row["input"], str) else None},
    }


def step_of(path: Path) -> str:
    """`<run>@<step>`: a file of a training's completions is what the model of that step wrote."""
    step = re.search(r"\d+$", path.stem)
    folder = path.parent.parent if path.parent.name == "completions" else path.parent
    return f"{folder.resolve().name}@{int(step[0]) if step else path.stem}"


def lm_eval_task(path: Path) -> str:
    return STAMP.sub("", path.stem).removeprefix("samples_")


def lighteval_task(path: Path) -> str:
    """The task within `details_<suite>|<task>|<shots>_<date>`; the suite may be missing."""
    parts = STAMP.sub("", path.stem).removeprefix("details_").split("|")
    return parts[1] if len(parts) > 2 else parts[0]


SHAPES = (
    Shape(
        "lm-evaluation-harness", frozenset({"doc_id", "resps"}), lm_eval,
        lambda path: path.resolve().parent.name, lm_eval_task, True,
    ),
    Shape(
        "lighteval", frozenset({"doc", "model_response"}), lighteval,
        lambda path: path.resolve().parent.parent.name, lighteval_task, True,
    ),
    Shape("Inspect", frozenset({"id", "target", "messages"}), inspect, lambda path: path.stem),
    Shape("TRL", frozenset({"prompt", "completion", "advantage"}), trl, step_of),
    Shape("verl", frozenset({"input", "output", "score"}), verl, step_of),
)  # fmt: skip
OURS = Shape("a table", frozenset(), ours, lambda path: path.stem)


def shape_of(row: Row) -> Shape:
    """The shape of a file whose first row this is; OURS where it is nobody's."""
    return next((shape for shape in SHAPES if shape.keys <= row.keys()), OURS)
