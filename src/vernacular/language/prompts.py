"""Prompts and completions: how a question is put to a model, and how what comes back is taken apart.

A completion is a trace (the reasoning), `</think>`, and a response with the boxed answer, as in DeepSeek-R1's format.
The chat template opens `<think>` itself; a model that writes `<think>` into its completion is understood as well.
"""

from vernacular.language.phrasebook import load_phrasebook

THINK, END_OF_THINKING = "<think>", "</think>"

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


def split_completion(completion: str) -> tuple[str, str]:
    """(trace, response), stripped; both empty where the thinking never ends, so that it scores nothing."""
    trace, end, response = completion.partition(END_OF_THINKING)
    if not end:
        return "", ""
    return trace.strip().removeprefix(THINK).strip(), response.strip()


def forced_prefix(language: str) -> str:
    """The first words of a trace in `language`: what the decoding option `forced-prefix` gives to the model."""
    return load_phrasebook(language)["steps"][0]
