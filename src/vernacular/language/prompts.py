"""Prompts and completions: how a question is put to a model, and how what comes back is taken apart.

A completion is a trace (the reasoning), `</think>`, and a response with the boxed answer, as in DeepSeek-R1's format.
The chat template opens `<think>` itself; a model that writes `<think>` into its completion is understood as well, and
so are the tags of other models (thinking.py).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vernacular.language.phrasebook import has_phrasebook, load_phrasebook
from vernacular.language.thinking import FAMILIES, thinking_and_rest

THINK, END_OF_THINKING = FAMILIES["think"]
ANSWER_TAG = re.compile(r"</?answer>", re.IGNORECASE)
# Round the response: of Open Thoughts, Command A, GLM-V, Apriel, and of prompts that ask for them.
SOLUTION_TAG = re.compile(
    r"<\|(?:begin|end)_of_(?:solution|box)\|>|<\|(?:start|end)_response\|>|\[(?:begin|end) final response\]|"
    "</?(?:solution|response|output|final_answer)>",
    re.IGNORECASE,
)
START_TOKENS = re.compile(  # of a turn, and of a text
    r"(?:\s|<s>|<bos>|<\|begin_of_text\|>|<｜begin▁of▁sentence｜>|<\|assistant\|>|<｜Assistant｜>|\[\|assistant\|\]|"
    r"<\|start_header_id\|>assistant<\|end_header_id\|>|(?:<\|im_start\|>)?assistant\s*\n|"
    r"(?:<start_of_turn>|<\|turn>)model\s*\n|<\|START_OF_TURN_TOKEN\|>|<\|CHATBOT_TOKEN\|>)*+"
)
END_TOKENS = (
    *("<|return|>", "<|end|>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>"),
    *("<end_of_turn>", "<turn|>", "<|END_OF_TURN_TOKEN|>", "<｜end▁of▁sentence｜>"),
    *("<seed:eos>", "[EOS]", "[|endofturn|]"),
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
KINDS = tuple(INSTRUCTIONS)
NEUTRAL = {  # for a language without a phrasebook or an instruction of the study's own; names no language
    "math": "Think step by step and put the final answer in \\boxed{}.",
    "choice": "Think step by step and put the letter of the right choice in \\boxed{}.",
    "entailment": "Think step by step and put entailment, neutral or contradiction in \\boxed{}.",
}


@dataclass(frozen=True)
class PromptSet:
    """How questions are put and answers read; resources/prompts.yaml holds the sets by name.

    math, choice, entailment: templates of what the user says (None: the set has none for that kind), with the
    placeholders {question}, {instruction}, {options}, {premise} and {hypothesis} (a question's first line and the
    rest). instructions: language -> text; None for the phrasebooks'. option, between: an option of a choice, and what
    separates two. translation: with {language} (in English) and {text}. target: what a model learns to answer,
    the data's `solution` or the bare `answer`. encoder: what the encoder of a merge reads, the `question` or the
    `prompt`. answer: what precedes the answer of a model that marks no trace; "" where only a last line or a box does.
    own: instructions of the study's own, by language, which come first.
    """

    form: str = "chat"  # `text`: the prompt is all that a model gets; its folder has the chat template `plain`
    math: str | None = "{instruction}\n{question}"
    choice: str | None = "{instruction}\n{question}{options}"
    entailment: str | None = "{instruction}\n{question}"
    instructions: Mapping[str, str] | None = None
    option: str = "\n{letter}) {choice}"
    between: str = ""
    translation: str | None = "Translate the following sentences from {language} to English.\n{text}"
    target: str = "solution"
    encoder: str = "question"
    answer: str = ""
    own: Mapping[str, str] | None = None


OURS = PromptSet()


def prompt_set(options: Mapping[str, Any] | None) -> PromptSet:
    """The set of a job's options, a mapping of all its keys; None for ours."""
    return OURS if options is None else PromptSet(**options)


def question_text(question: str, choices: list[str] | None = None) -> str:
    """The question, with the options of a choice below it, a letter each."""
    return question + options_text(choices, OURS)


def options_text(choices: list[str] | None, prompts: PromptSet) -> str:
    letters = (chr(ord("A") + number) for number in range(len(choices or [])))
    options = zip(letters, choices or [], strict=True)
    return prompts.between.join(prompts.option.format(letter=letter, choice=choice) for letter, choice in options)


def question_messages(
    question: str,
    language: str,
    kind: str = "math",
    choices: list[str] | None = None,
    prompts: PromptSet = OURS,
) -> list[dict[str, str]]:
    """The conversation that asks a question, as the set of prompts puts one of its kind in its language.

    Raises ValueError for a kind or a language that the set has no words for.
    """
    template = getattr(prompts, kind)
    if template is None:
        raise ValueError(f"these prompts have no words for questions of the kind '{kind}'; choose others")
    premise, _, hypothesis = question.partition("\n")
    asked = template.format(
        instruction=instruction(language, kind, prompts) if "{instruction}" in template else "",
        question=question,
        options=options_text(choices, prompts),
        premise=premise,
        hypothesis=hypothesis,
    )
    return [{"role": "user", "content": asked}]


def instruction(language: str, kind: str, prompts: PromptSet) -> str:
    if prompts.own and language in prompts.own:
        return prompts.own[language]
    if prompts.instructions is None:
        return str(load_phrasebook(language)[INSTRUCTIONS[kind]]) if has_phrasebook(language) else NEUTRAL[kind]
    if language not in prompts.instructions:
        raise ValueError(
            f"these prompts have no instruction in '{language}'; there are: {', '.join(prompts.instructions)}"
        )
    return prompts.instructions[language]


def answer_message(completion: str) -> dict[str, str]:
    """The assistant's turn, for training."""
    return {"role": "assistant", "content": f"{THINK}\n{completion}"}


def join_completion(trace: str, response: str) -> str:
    return f"{trace}\n{END_OF_THINKING}\n{response}"


def split_completion(completion: str, family: str | None = "think", mark: str = "") -> tuple[str, str]:
    """(trace, response), stripped; both empty where the thinking never ends, so that it scores nothing.

    family: of the tags (thinking.FAMILIES). None for a model that marks no trace: the whole completion is the trace,
    and the response is the text from the last `mark` on (PromptSet.answer), if there is one; else the content of
    `<answer>`, else the text from the line of the last box on, else the last line.
    """
    text = without_turn_tokens(completion)
    if family is None:
        text = SOLUTION_TAG.sub("", text).rstrip()
        place = text.rfind(mark) if mark else -1
        return ANSWER_TAG.sub("", text).strip(), text[place if place >= 0 else last_answer(text) :].strip()
    parts = thinking_and_rest(text, family)
    if parts is None:
        return "", ""
    return parts[0], SOLUTION_TAG.sub("", parts[1]).strip()


def without_turn_tokens(text: str) -> str:
    """The text without the tokens that begin and end a turn, which some decoders leave there, and without blanks at its
    ends."""
    end = len(text)
    while end:
        if text[end - 1].isspace():
            end -= 1
        elif token := next((token for token in END_TOKENS if text.endswith(token, 0, end)), ""):
            end -= len(token)
        else:
            break
    start = START_TOKENS.match(text, 0, end)
    return text[start.end() if start else 0 : end]


def last_answer(text: str) -> int:
    """Where the answer begins in a text without tags round its thinking."""
    if answers := [found.start() for found in ANSWER_TAG.finditer(text) if found[0][1] != "/"]:
        return answers[-1]
    place = max(text.rfind("\\boxed"), text.rfind("\\fbox"))
    if place < 0:  # a last line such as `\\]` says nothing
        place = next((at for at in range(len(text) - 1, -1, -1) if text[at].isalnum()), 0)
    return text.rfind("\n", 0, place) + 1


def forced_prefix(language: str) -> str:
    """The first words of a trace in `language`: what the decodings `forced-prefix` and `forced-english` give."""
    return load_phrasebook(language)["steps"][0]
