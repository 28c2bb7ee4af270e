"""The tags that models put round their reasoning, and which of those in a text open or end it.

A tag that a sentence speaks of ("I have to close with </think> when I am done") opens and ends nothing. Where a tag
stands decides that: quoted or within words it is spoken of; at the edge of a line or behind the end of a sentence it is
meant; in between nobody can tell, and it counts only in a text without any that is meant. All our choice.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple


class Family(NamedTuple):
    """How one family of models writes the two tags."""

    opening: str
    ending: str


FAMILIES = {
    "think": Family("<think>", "</think>"),  # DeepSeek-R1, Qwen3
    "thinking": Family("<thinking>", "</thinking>"),
    "thought": Family("<thought>", "</thought>"),  # EXAONE Deep, Marco-o1
    "reasoning": Family("<reasoning>", "</reasoning>"),
    "scratchpad": Family("<scratchpad>", "</scratchpad>"),
    "magistral": Family("[THINK]", "[/THINK]"),
    "kimi": Family("◁think▷", "◁/think▷"),
    "seed": Family("<seed:think>", "</seed:think>"),
    "longcat": Family("<longcat_think>", "</longcat_think>"),
    "open-thoughts": Family("<|begin_of_thought|>", "<|end_of_thought|>"),
    "command": Family("<|START_THINKING|>", "<|END_THINKING|>"),  # Cohere's Command A
    "gemma": Family("<|channel>thought", "<channel|>"),  # Gemma 4
    "medgemma": Family("<unused94>thought", "<unused95>"),
    "harmony": Family("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),  # gpt-oss
}
SPOKEN_OF, UNSURE, MEANT = range(3)

_BLANK = "[ \t]{0,3}"  # `</think >`; bounded, so that a match takes a bounded time
_ESCAPED = {"<": "(?:<|&lt;)", ">": "(?:>|&gt;)", "/": r"\\?/"}  # as a log in HTML or JSON may have it
_ATTRIBUTES = r"(?:\s{1,3}[\w:-]{1,30}=[^<>\n]{0,100})?"  # `<think lang="fr">`


def _spelt(tag: str) -> str:
    parts = [_ESCAPED.get(part) or re.escape(part) for part in re.findall(r"\w+|\W", tag)]
    if re.fullmatch(r"<\w+>", tag):
        parts[1] += _ATTRIBUTES
    return _BLANK.join(parts)


# Harmony: a message may follow another one, and a decoder that leaves special tokens out leaves `analysis...` and
# `assistantfinal...`.
_START = f"(?:(?:{_spelt('<|start|>')}{_BLANK})?assistant)?"
_TURN = rf"(?:{_spelt('<|end|>')})?\s{{0,3}}{_START}{_BLANK}{_spelt('<|channel|>')}{_BLANK}"
_MESSAGE = rf"[^<\n]{{0,40}}(?:{_spelt('<|constrain|>')}[^<\n]{{0,40}})?{_spelt('<|message|>')}"
_SPELLINGS = {
    name: (_spelt(family.opening), _spelt(family.ending)) for name, family in FAMILIES.items() if name != "harmony"
} | {
    "harmony": (
        rf"{_TURN}(?:analysis|commentary){_MESSAGE}|\Aanalysis(?=(?s:.)*?assistantfinal)|assistantanalysis",
        rf"{_TURN}final{_MESSAGE}|assistantfinal",
    )
}
_KINDS = [(name, ends) for name in FAMILIES for ends in (False, True)]  # of the groups below, in their order
# Looked for before the long alternation.
_FIRST = r"(?=(?:<|&lt;)[ \t]{0,3}[/\\|a-z]|\[[ \t]{0,3}[/t]|◁|assistant|analysis)"
_TAG = re.compile(
    _FIRST + "(?:" + "|".join(f"({_SPELLINGS[name][ends]})" for name, ends in _KINDS) + ")", re.IGNORECASE
)

_LINE_ENDS = "\n\r\v\f\x85\u2028\u2029"
_QUOTES = "\"'`´*“”„‟‘’‚«»‹›「」『』《》〈〉()（）[]【】"
_PAIRS = {"“”", "„“", "„”", "‚‘", "‘’", "«»", "»«", "‹›", "「」", "『』", "《》", "〈〉", "()", "（）", "[]", "【】"}
_ONLY_OPENING = "„‟‚«‹「『《〈(（[【"
_ONLY_CLOSING = "»›」』》〉)）]】"
_ANSWER = re.compile(  # what a response begins with, in the languages that Vernacular knows
    r"(?:\w{1,3}\s){0,2}(?:answer|réponse|antwort|respuesta|resposta|risposta|antwoord|odpowied|cevap|yanıt|đáp|jibu|"
    "ответ|отговор|απάντηση|الجواب|الإجابة|جواب|उत्तर|जवाब|উত্তর|సమాధాన|జవాబు|คำตอบ|答|정답|답)",
    re.IGNORECASE,
)
_SENTENCE_ENDS = ".!?…。！？｡؟۔।॥"
_WITHIN_A_SENTENCE = ",;:،؛，、；：/=-–—("
_GOING_ON = "をのがに来來标標结結作之的"  # begin what follows a tag within a Japanese or Chinese sentence
_CLOSING_MARKS = ",.;:!?…،؛؟۔।，、；：。！？/"


class Tag(NamedTuple):
    """A tag in a text: of which family, whether it ends the thinking, where it is, and how sure that is."""

    family: str
    ends: bool
    start: int
    stop: int
    weight: int  # SPOKEN_OF, UNSURE or MEANT


def tags_in(text: str) -> Iterator[Tag]:
    """The tags of a text that are not only spoken of, in order; in a time that is linear in its length."""
    fences, fenced, place, last = text.count("```"), 0, 0, None
    for found in _TAG.finditer(text):
        name, ends = _KINDS[(found.lastindex or 1) - 1]
        fenced += text.count("```", place, found.start())
        place = found.start()
        in_code = fences % 2 == 0 and fenced % 2 == 1
        weight = SPOKEN_OF if in_code else _weight(text, found.start(), found.end(), ends, last)
        last = Tag(name, ends, found.start(), found.end(), weight)
        if weight:
            yield last


def _weight(text: str, start: int, stop: int, ends: bool, last: Tag | None) -> int:
    """How sure it is that the tag from start to stop is meant. last: the tag before it, whatever its weight."""
    floor = last.stop if last else 0
    left, right = start, stop
    while left > floor and text[left - 1] in " \t":
        left -= 1
    while right < len(text) and text[right] in " \t":
        right += 1
    if last and not text[floor:left].strip(" \t./…"):  # `<think></think>`, `<think> ... </think>`
        return last.weight
    before, after = text[left - 1 : left] or "\n", text[right : right + 1] or "\n"
    glued, glued_after = left == start, right == stop
    then = text[stop + 1 : stop + 2] or "\n"  # behind the character that follows
    if before + after in _PAIRS and (glued and glued_after or before in "«‹"):
        return SPOKEN_OF
    if glued and glued_after and _opens(text, left) and (before == after or _closes(text, stop)):
        return SPOKEN_OF
    if glued_after and after != "*" and _closes(text, stop) and before not in _LINE_ENDS:
        return SPOKEN_OF
    if glued and not ends and _opens(text, left) and before != "*":
        return SPOKEN_OF
    if before in _LINE_ENDS:
        return SPOKEN_OF if glued_after and after in ",;،؛，、；" else MEANT
    words = before.isalpha() or unicodedata.category(before)[0] == "M" or before in _WITHIN_A_SENTENCE
    if after in _LINE_ENDS:
        return UNSURE if words and not glued else MEANT
    if glued_after and (after in _CLOSING_MARKS and not then.isdigit() or after in "-–" and then.isalpha()):
        return SPOKEN_OF
    if words and not glued and after in ".…,":
        return SPOKEN_OF
    if before in _SENTENCE_ENDS or not words:
        return MEANT
    if glued and glued_after and before.isalpha():
        unspaced = _is_unspaced(before) and _is_unspaced(after)
        return MEANT if not unspaced else SPOKEN_OF if after in _GOING_ON else UNSURE
    goes_on = (after.isalpha() or unicodedata.category(after)[0] == "M") and not after.isupper()
    return SPOKEN_OF if not glued and goes_on and not _ANSWER.match(text, right) else UNSURE


def _opens(text: str, stop: int) -> bool:
    """Whether the character before `stop` is a quote that opens."""
    quote = text[stop - 1 : stop]
    if not quote or quote not in _QUOTES or quote in _ONLY_CLOSING or text[max(stop - 3, 0) : stop] == "```":
        return False
    start = next((at for at in range(stop - 1, max(stop - 4, -1), -1) if text[at] != quote), stop - 4)
    before = text[start] if start >= 0 else " "
    return quote in _ONLY_OPENING or not (before.isalnum() or before in _SENTENCE_ENDS)


def _closes(text: str, start: int) -> bool:
    """Whether the character at `start` is a quote that closes."""
    quote = text[start : start + 1]
    if not quote or quote not in _QUOTES or quote in _ONLY_OPENING:
        return False
    after = next((text[at] for at in range(start, min(start + 4, len(text))) if text[at] != quote), " ")
    return quote in _ONLY_CLOSING or not (after.isalnum() or after in "\\$")


def _is_unspaced(letter: str) -> bool:
    """A Chinese character or a kana: such words are not separated by spaces."""
    return unicodedata.name(letter, "").startswith(("CJK", "HIRAGANA", "KATAKANA"))


def families_in(text: str) -> dict[str, int]:
    """family -> the greatest weight of its tags in a text: of those that end the thinking, where any do.

    A model that opens with `<thinking>` and ends with `</think>` has ended it.
    """
    found: dict[bool, dict[str, int]] = {True: {}, False: {}}
    for tag in tags_in(text):
        found[tag.ends][tag.family] = max(tag.weight, found[tag.ends].get(tag.family, 0))
    return found[True] or found[False]


def template_family(template: object) -> str | None:
    """The family that a chat template knows: the last one in it, where it opens the model's turn; None for none."""
    last = {name: max(map(str(template).rfind, family)) for name, family in FAMILIES.items()}
    name = max(last, key=lambda name: last[name])
    return name if last[name] >= 0 else None


def thinking_and_rest(text: str, family: str) -> tuple[str, str] | None:
    """(thinking, without its tags; what follows its last end); None where the thinking does not end, or begins again.

    Once a tag of `family` has ended it, thinking in the tags of others is thinking too.
    """
    tags = list(tags_in(text))
    surest = max((tag.weight for tag in tags if tag.ends and tag.family == family), default=None)
    if surest is None:
        return None
    tags = [tag for tag in tags if tag.weight >= surest]
    last = next(tag for tag in reversed(tags) if tag.ends)
    if any(tag.weight == MEANT and not tag.ends and tag.start >= last.stop for tag in tags):
        return None
    thinking, place = [], 0
    for tag in tags[: tags.index(last) + 1]:
        thinking.append(text[place : tag.start].strip())
        place = tag.stop
    return "\n".join(filter(None, thinking)), text[last.stop :]
