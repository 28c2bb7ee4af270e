"""The tags that models put round their reasoning, and which of those in a text open or end it.

A tag that a sentence speaks of ("I have to close with </think> when I am done") opens and ends nothing. Where a tag
stands decides that: quoted or within words it is spoken of; at the edge of a line or behind the end of a sentence it is
meant; in between nobody can tell, and it counts only in a text without any that is meant. All our choice.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Family(NamedTuple):
    """How one family of models writes the two tags."""

    opening: str
    ending: str


FAMILIES = {
    "think": Family("<think>", "</think>"),  # DeepSeek-R1, Qwen3
    "thinking": Family("<thinking>", "</thinking>"),
    "reasoning": Family("<reasoning>", "</reasoning>"),
    "magistral": Family("[THINK]", "[/THINK]"),
    "kimi": Family("◁think▷", "◁/think▷"),
    "seed": Family("<seed:think>", "</seed:think>"),
    "open-thoughts": Family("<|begin_of_thought|>", "<|end_of_thought|>"),
    "harmony": Family("<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),  # gpt-oss
}
SPOKEN_OF, UNSURE, MEANT = range(3)

_BLANK = "[ \t]{0,3}"  # `</think >`; bounded, so that a match takes a bounded time


def _spelt(tag: str) -> str:
    return _BLANK.join(map(re.escape, re.findall(r"\w+|\W", tag)))


# Harmony: a message may follow another one, and a decoder that leaves special tokens out leaves `analysis...` and
# `assistantfinal...`.
_START = f"(?:(?:{_spelt('<|start|>')}{_BLANK})?assistant)?"
_TURN = f"(?:{_spelt('<|end|>')})?{_BLANK}{_START}{_BLANK}{_spelt('<|channel|>')}{_BLANK}"
_MESSAGE = rf"[^<\n]{{0,40}}(?:{_spelt('<|constrain|>')}[^<\n]{{0,40}})?{_spelt('<|message|>')}"
_SPELLINGS = {
    name: (_spelt(family.opening), _spelt(family.ending)) for name, family in FAMILIES.items() if name != "harmony"
} | {
    "harmony": (
        rf"{_TURN}(?:analysis|commentary){_MESSAGE}|\Aanalysis(?=(?s:.)*?assistantfinal)",
        rf"{_TURN}final{_MESSAGE}|assistantfinal",
    )
}
_KINDS = [(name, ends) for name in FAMILIES for ends in (False, True)]  # of the groups below, in their order
_TAG = re.compile(
    "(?=[<\\[◁a])(?:" + "|".join(f"({_SPELLINGS[name][ends]})" for name, ends in _KINDS) + ")", re.IGNORECASE
)

_LINE_ENDS = "\n\r\v\f\x85\u2028\u2029"
_QUOTES = "\"'`´*“”„‟‘’‚«»‹›「」『』《》〈〉()（）[]【】"
_CLOSING_QUOTES = "\"'`´“”‘’»›「」』》〉)）]】"
_OPENING_QUOTES = "\"'`´“„‟‘‚«‹「『《〈(（【"
_SENTENCE_ENDS = ".!?…。！？｡؟۔।॥"
_WITHIN_A_SENTENCE = ",;:،؛，、；：/=-–—("
_CLOSING_MARKS = ",.;:!?…،؛؟۔।，、；：。！？/"


class Tag(NamedTuple):
    """A tag in a text: of which family, whether it ends the thinking, where it stands, and how sure that is."""

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
    then = text[stop + 1 : stop + 2]  # behind the character that follows
    if before in _QUOTES and after in _QUOTES and (glued == glued_after) and (glued or before in "«‹"):
        return SPOKEN_OF
    if glued_after and after in _CLOSING_QUOTES and not (then.isalnum() or then in "\\$*" and then):
        return SPOKEN_OF
    if glued and not ends and before in _OPENING_QUOTES:
        return SPOKEN_OF
    if before in _LINE_ENDS:
        return SPOKEN_OF if glued_after and after in ",;،؛，、；" else MEANT
    words = before.isalpha() or unicodedata.category(before)[0] == "M" or before in _WITHIN_A_SENTENCE
    if after in _LINE_ENDS:
        return UNSURE if words and not glued else MEANT
    if glued_after and (after in _CLOSING_MARKS and not then.isdigit() or after in "-–" and then.isalpha()):
        return SPOKEN_OF
    if before in _SENTENCE_ENDS or not words:
        return MEANT
    if glued and glued_after and before.isalpha():
        return UNSURE if _is_unspaced(before) and _is_unspaced(after) else MEANT
    follows = after.isalpha() or unicodedata.category(after)[0] == "M"
    return SPOKEN_OF if not glued and follows and not after.isupper() else UNSURE


def _is_unspaced(letter: str) -> bool:
    """A Chinese character or a kana: such words stand next to one another."""
    return unicodedata.name(letter, "").startswith(("CJK", "HIRAGANA", "KATAKANA"))


def families_in(text: str) -> dict[str, int]:
    """family -> the greatest weight of its tags in a text."""
    found: dict[str, int] = {}
    for tag in tags_in(text):
        found[tag.family] = max(tag.weight, found.get(tag.family, 0))
    return found


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
    ends = [tag for tag in tags if tag.ends and surest is not None and tag.weight >= surest]
    if not ends or any(tag.weight == MEANT and not tag.ends and tag.start >= ends[-1].stop for tag in tags):
        return None
    thinking, place = [], 0
    for tag in tags:
        if tag.start <= ends[-1].start:
            thinking.append(text[place : tag.start])
            place = tag.stop
    return "\n".join(part for part in map(str.strip, thinking) if part), text[ends[-1].stop :]


def named(families: Iterable[str]) -> str:
    return " and ".join(f"{FAMILIES[name].ending} ({name})" for name in families)
