"""Answers of several parts: tuples, sets, intervals and lists, compared part by part."""

import re
from collections.abc import Callable
from typing import NamedTuple

from vernacular.answers.writing import plain

PARTS = 50  # of an answer (our choice)

_NAMED = re.compile(r"\s*(?:[A-Za-z]|\([a-z](?:\s*,\s*[a-z]){1,5}\))\s*(?:=|:|\\in(?![A-Za-z])|∈)\s*(?=\\?[(\[{])")
_AND_OR = (
    r"(?<![^\W\d_])(?:and|or|und|oder|et|ou|y|o|e|и|или|i|lub|en|of|ve|veya|και|ή|và|hoặc|na|au|و|أو|اور|یا|और|या|এবং"
    r"|বা|మరియు|లేదా)(?![^\W\d_])|[和或]|または|또는|หรือ|และ|(?<=[\d)])(?:と|\s?[와과]\s)(?=\s?[-(\d])"
)
_JOINER = re.compile(
    rf"\\(?:text|textrm|mbox|mathrm)[a-z]*\s*\{{\s*,?\s*(?:{_AND_OR}|[と와과])\s*\}}|{_AND_OR}"
    r"|\\(?:land|lor|wedge|vee|quad|qquad)(?![A-Za-z])"
)
_BAR = re.compile(r"(?<=\d)\s*(?:\||\\mid(?![A-Za-z]))\s*(?=[-+]?\d)")  # (2|7), as in German schools
_BRACKETS = re.compile(r"\\.|[()\[\]{}]", re.DOTALL)


class Listed(NamedTuple):
    """Brackets (`()`, `[)`, ...; `{}` for sets and bare lists, whose order does not matter) and what they hold."""

    brackets: str
    inside: str


def read_list(text: str) -> Listed:
    """The brackets around the whole of a text, and the rest."""
    text = re.sub(r"\\(?:left|right|[bB]igg?[lrm]?)(?![A-Za-z])|\\[!]", "", plain(text)).strip(" \n\t$.。")
    text = re.sub(r"\\[,;:> ]", " ", text)
    text = _NAMED.sub("", text, count=1) if _NAMED.match(text) else text
    text = text.replace("\\{", "{").replace("\\}", "}").replace("\\lbrace", "{").replace("\\rbrace", "}")
    if len(text) > 1 and text[0] in "([{" and text[-1] in ")]}" and _encloses(text):
        inside = _BAR.sub(";", text[1:-1]) if text[0] + text[-1] == "()" else text[1:-1]
        return Listed(text[0] + text[-1], inside)
    return Listed("{}", text)


def _encloses(text: str) -> bool:
    """Whether the first bracket closes at the end and not before."""
    depth = 0
    for bracket in _BRACKETS.finditer(text):
        if bracket[0] in "([{":
            depth += 1
        elif bracket[0] in ")]}":
            depth -= 1
            if depth == 0 and bracket.end() < len(text):
                return False
    return depth == 0


def split_list(inside: str) -> list[list[str]]:
    """The ways to split what brackets hold: at semicolons where there are any, else at commas before a blank, which
    leaves 2,5 whole, or at every comma."""
    inside = _JOINER.sub(" , ", inside)
    found = []
    for separator in (";",) if ";" in inside else (r"[,،、]\s+|\s+,", "[,،、]"):
        parts, depth, start = [], 0, 0
        for mark in re.finditer(rf"\\.|[()\[\]{{}}]|{separator}", inside):
            if mark[0] in "([{":
                depth += 1
            elif mark[0] in ")]}":
                depth -= 1
            elif mark[0][0] != "\\" and depth == 0:
                parts.append(inside[start : mark.start()].strip())
                start = mark.end()
        parts.append(inside[start:].strip())
        parts = [part for part in parts if part]
        if 1 <= len(parts) <= PARTS and parts not in found:
            found.append(parts)
    return found


def same_lists(gold: Listed, answers: list[list[str]], brackets: str, same: Callable[[str, str], bool]) -> bool:
    """Whether one of the ways to read an answer has the gold's parts: in order, or in any order within braces."""
    if gold.brackets != brackets:
        return False
    for wanted in split_list(gold.inside):
        for parts in answers:
            if len(parts) != len(wanted) or len(wanted) < 2:
                continue
            if gold.brackets != "{}":
                if all(map(same, wanted, parts)):
                    return True
            elif _match(wanted, list(parts), same):
                return True
    return False


def _match(wanted: list[str], parts: list[str], same: Callable[[str, str], bool]) -> bool:
    for one in wanted:
        place = next((i for i, part in enumerate(parts) if same(one, part)), None)
        if place is None:
            return False
        parts.pop(place)
    return True
