"""The languages of a study: that the identifier can name them, and which of them need a phrasebook."""

from collections.abc import Iterator
from typing import Any

from vernacular.corpus.formats import PHRASEBOOK
from vernacular.language.languages import about, load_languages
from vernacular.language.phrasebook import has_phrasebook
from vernacular.study.recipes import SECTIONS
from vernacular.study.schema import StudyError


def check_languages(study: dict[str, Any]) -> None:
    """Raises StudyError for a code that nobody knows, and for a language that no text would be told to be in."""
    try:
        others = [code for code in study["languages"] if about(code) and code not in load_languages()]
    except ValueError as error:
        raise StudyError(f"languages: {error}") from None
    try:
        if others and not study["identifier"]["model"]:  # another model may be large, and its labels are its own
            # Imports the identifier, which takes a second.
            from vernacular.language.nameable import check_named

            check_named(others)
    except ValueError as error:
        raise StudyError(f"languages: {error}; leave it out, or name another model in identifier.model") from None


def check_phrasebooks(study: dict[str, Any]) -> None:
    """Raises StudyError where a phrasebook is needed that is not there."""
    for place, what, languages in phrasebook_uses(study):
        for code in languages:
            if not has_phrasebook(code):
                raise StudyError(
                    f"{place}: {what} is made from phrasebooks, and '{code}' has none "
                    f"(resources/phrasebook/{code}.yaml); leave it out there, or take questions of your own (`sources`)"
                )


def phrasebook_uses(study: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """(place, what is made of them, languages) of all that phrasebooks are read for, instructions aside."""

    def made(names: list[str]) -> list[str]:
        return [name for name in names if study["benchmarks"][name]["source"] == PHRASEBOOK]

    for number, evaluation in enumerate(study["evaluations"]):
        place, languages = f"evaluations.{number}", evaluation["languages"]
        for name in made(evaluation["benchmarks"]):
            yield f"{place}.benchmarks", f"'{name}'", languages
        if evaluation["decoding"] == "forced-prefix":
            yield f"{place}.decoding", "forced-prefix", languages
    for section in (*SECTIONS.values(), "slam"):
        options = study.get(section, {})
        for name in made([options["benchmark"]] if "benchmark" in options else []):
            yield f"{section}.languages", f"'{name}'", options["languages"]
    for name, parts in study["data"].items():
        for number, part in enumerate(parts):
            if "source" not in part:
                yield f"data.{name}.{number}.languages", "this set", part["languages"]
