"""Chat templates: a model's own program for its prompts, run where it can do no harm, and what it gives checked.

A template is a Jinja program that comes with a model. The sandbox that Transformers runs it in keeps it from files and
from Python, but not from a loop without end or a text without end, so it runs in a process of its own, which may use
so much time and memory and no more.
"""

import json
import multiprocessing
import resource
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from vernacular.language.prompts import OURS, PromptSet, question_messages

Talk = list[dict[str, str]]

LONGEST = 100_000  # characters that a template may add to a talk, and times that it may repeat it (our choices)
REPEATS = 10
MEMORY = 256 * 2**20  # bytes that a template may take beyond what is there already
PART = 1_000  # texts that are sent at once
PER_SECOND = 100  # talks; Transformers' templates do ten thousand
PATIENCE = 60  # times its seconds that the process is waited for: it may stand still, and a machine may be crowded


def chat_texts(tokenizer: Any, talks: list[Talk], opening: bool = False) -> list[str]:
    """Each talk as the model reads it, by its chat template; opening: with the beginning of an answer.

    Raises ValueError (one line) if the template fails, does not end, gives more text than LONGEST, or leaves out what
    the user says: a model that is not asked the question answers nothing that could be scored.
    """
    if not talks:
        return []
    fork = multiprocessing.get_context("fork")  # no other way has the tokenizer there at once
    receiving, sending = fork.Pipe(duplex=False)
    child = fork.Process(target=render, args=(tokenizer, talks, opening, receiving, sending), daemon=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, none of which the child uses
        child.start()
    sending.close()
    texts: list[str] = []
    error = ""
    try:
        while len(texts) < len(talks) and not error:
            if not receiving.poll(PATIENCE * seconds_for(talks)):
                child.kill()
                raise EOFError
            part, error = json.loads(receiving.recv_bytes())
            texts += part
    except EOFError:
        error = "it does not end, or takes more than its share of memory"
    finally:
        receiving.close()
        child.join()
    name = getattr(tokenizer, "name_or_path", "")
    if error:
        raise ValueError(f"{name}: the chat template cannot be used ({error}); set another (`chat_template`)")
    for talk, text in zip(talks, texts, strict=True):
        if lost := next(
            (turn for turn in talk if turn["role"] == "user" and turn["content"].strip() not in text), None
        ):
            said = " ".join(lost["content"].split())[:60]
            raise ValueError(
                f"{name}: the chat template leaves out what the user says ({said!r}), so the model would not be asked "
                "the question; set another (`chat_template`)"
            )
    return texts


def prompt_sizes(tokenizer: Any, rows: list[dict[str, Any]], prompts: PromptSet = OURS) -> list[int]:
    """Tokens of the prompts, with instruction and chat template."""
    asked = [question_messages(row["question"], row["language"], prompts=prompts) for row in rows]
    texts = chat_texts(tokenizer, asked, opening=True)
    return [len(ids) for ids in tokenizer(texts, add_special_tokens=False)["input_ids"]] if texts else []


def render(tokenizer: Any, talks: list[Talk], opening: bool, receiving: Any, sending: Any) -> None:
    """In the child: send [texts, what went wrong or none], PART texts at a time."""
    receiving.close()  # the parent's end: with it, a child whose parent was killed would wait forever for a reader
    seconds = seconds_for(talks)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sizes = [sum(len(turn["content"]) for turn in talk) for talk in talks]
    # Of each character four bytes in a text, six in JSON, and both twice.
    limit_memory(MEMORY + 24 * max(sum(sizes[start : start + PART]) for start in range(0, len(talks), PART)))
    texts: list[str] = []
    error = ""
    try:
        for talk, size in zip(talks, sizes, strict=True):
            text = tokenizer.apply_chat_template(talk, add_generation_prompt=opening, tokenize=False)
            if not isinstance(text, str):
                raise TypeError(f"it gives {type(text).__name__}, not text")
            most = LONGEST + REPEATS * size
            if len(text) > most:
                raise ValueError(f"it makes {len(text):,} characters of a talk; at most {most:,} are taken")
            texts.append(text)
            if len(texts) == PART:
                sending.send_bytes(json.dumps([texts, ""]).encode())
                texts = []
    except BaseException as raised:  # a template may raise what it likes, and a panic in Rust is no Exception
        error = " ".join((str(raised) or type(raised).__name__).split())[:200]
        texts = []
    with suppress(BrokenPipeError):  # the parent is gone
        if texts or error:
            sending.send_bytes(json.dumps([texts, error]).encode())
        sending.close()


def seconds_for(talks: list[Talk]) -> int:
    return 1 + len(talks) // PER_SECOND


def limit_memory(more: int) -> None:
    """Let this process take so many bytes more than it has; where the system does not say how many, no limit is set."""
    status = Path("/proc/self/statm")
    if status.exists():
        held = int(status.read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (held + more, held + more))
