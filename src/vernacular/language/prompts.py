"""Prompts and completions: how a question is put to a model, and how what comes back is taken apart.

A completion is a trace (the reasoning), `</think>`, and a response with the boxed answer, as in DeepSeek-R1's format.
The chat template opens `<think>` itself; a model that writes `<think>` into its completion is understood as well, and
so are the tags of other models (thinking.py).
"""

import re

from vernacular.language.phrasebook import load_phrasebook
from vernacular.language.thinking import FAMILIES, thinking_and_rest

THINK, END_OF_THINKING = FAMILIES["think"]
ANSWER_TAG = re.compile(r"</?answer>", re.IGNORECASE)
SOLUTION_TAG = re.compile(r"<\|(?:begin|end)_of_solution\|>", re.IGNORECASE)  # used with `<|begin_of_thought|>`
END_TOKENS = (
    *("<|return|>", "<|end|>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>"),
    *("</s>", "<eos>", "<｜end▁of▁sentence｜>", "<seed:eos>", "[EOS]"),
)

# The miniature's chat template. Hub models keep their own.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'user' %}<|user|>{{ message['content'] }}"
    "{% else %}<|assistant|>{{ message['content'] }}<|end|>{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|><think>\n{% endif %}"
)


INSTRUCTIONS = {"math": "instruction", "choice": "choice_instruction", "entailment": "entailment_instruction"}


def question_text(question: str, choices: list[str] | None = None) -> str:
    """The question, with the options of a choice below it, a letter each."""
    options = [f"{chr(ord('A') + number)}) {choice}" for number, choice in enumerate(choices or [])]
    return "\n".join([question, *options])


def question_messages(
    question: str, language: str, kind: str = "math", choices: list[str] | None = None
) -> list[dict[str, str]]:
    """The conversation that asks a question: the instruction for its kind, in its language, then the question."""
    instruction = load_phrasebook(language)[INSTRUCTIONS[kind]]
    return [{"role": "user", "content": f"{instruction}\n{question_text(question, choices)}"}]


def answer_message(completion: str) -> dict[str, str]:
    """The assistant's turn, for training."""
    return {"role": "assistant", "content": f"{THINK}\n{completion}"}


def join_completion(trace: str, response: str) -> str:
    return f"{trace}\n{END_OF_THINKING}\n{response}"


def split_completion(completion: str, family: str | None = "think") -> tuple[str, str]:
    """(trace, response), stripped; both empty where the thinking never ends, so that it scores nothing.

    family: of the tags (thinking.FAMILIES). None for a model that marks no trace: the whole completion is the trace,
    and the response is the content of `<answer>`, else the text from the line of the last box on, else the last line.
    """
    text = without_end_tokens(completion)
    if family is None:
        return ANSWER_TAG.sub("", text).strip(), text[last_answer(text) :].strip()
    parts = thinking_and_rest(text, family)
    if parts is None:
        return "", ""
    return parts[0], SOLUTION_TAG.sub("", parts[1]).strip()


def without_end_tokens(text: str) -> str:
    """The text without the tokens that end a turn, which some decoders leave there, and without blanks at its ends."""
    end = len(text)
    while end:
        if text[end - 1].isspace():
            end -= 1
        elif token := next((token for token in END_TOKENS if text.endswith(token, 0, end)), ""):
            end -= len(token)
        else:
            break
    return text[:end].lstrip()


def last_answer(text: str) -> int:
    """Where the answer begins in a text without tags round its thinking."""
    if answers := [found.start() for found in ANSWER_TAG.finditer(text) if found[0][1] != "/"]:
        return answers[-1]
    place = max(text.rfind("\\boxed"), text.rfind("\\fbox"))
    if place < 0:  # a last line such as `\\]` says nothing
        place = next((at for at in range(len(text) - 1, -1, -1) if text[at].isalnum()), 0)
    return text.rfind("\n", 0, place) + 1


def forced_prefix(language: str) -> str:
    """The first words of a trace in `language`: what the decoding option `forced-prefix` gives to the model."""
    return load_phrasebook(language)["steps"][0]
