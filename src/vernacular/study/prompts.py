"""The key `prompts`: a set of prompts by its name, or one of the study's own, checked against all that is asked."""

from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

from vernacular.corpus.formats import form_of
from vernacular.language.phrasebook import has_phrasebook
from vernacular.language.prompts import KINDS
from vernacular.storage.messages import nearest
from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import YamlError, read_yaml
from vernacular.study.recipes import RECIPES, SECTIONS
from vernacular.study.schema import StudyError, check, load_schema
from vernacular.study.sources import source_of

SETS = resource("prompts.yaml")
OURS, PLAIN = "ours", "plain"  # the default set; the chat template of raw text
FIELDS = {
    **dict.fromkeys(KINDS, {"question", "instruction", "options", "premise", "hypothesis"}),
    "option": {"letter", "choice"},
    "translation": {"language", "text"},
}


def load_sets(path: Path = SETS) -> dict[str, dict[str, Any]]:
    """Name -> set, every key filled in. Raises StudyError for a broken file or set."""
    try:
        sets = read_yaml(path)
    except YamlError as error:
        raise StudyError(str(error)) from None
    return {name: checked_set(entry, f"{path.name}: {name}") for name, entry in sets.items()}


def checked_set(entry: Any, place: str) -> dict[str, Any]:
    """A set with its defaults; kinds of questions that it has no words for are None."""
    schema = load_schema()
    check(entry, schema["$defs"]["prompt_set"], schema, place)
    if not any(entry[kind] for kind in KINDS):
        raise StudyError(f"{place}: has no prompt for any kind of question; give one of {', '.join(KINDS)}")
    for key, known in FIELDS.items():
        if entry[key] is None:
            continue
        try:
            used = {name for _, name, _, _ in Formatter().parse(entry[key]) if name is not None}
        except ValueError as error:
            raise StudyError(f"{place}.{key}: {error}; write {{{{ and }}}} for braces") from None
        if unknown := sorted(used - known):
            raise StudyError(
                f"{place}.{key}: unknown placeholder {{{unknown[0]}}}; there are {', '.join(sorted(known))}"
            )
        if key in KINDS and not used & {"question", "premise"}:
            raise StudyError(f"{place}.{key}: the question is missing; write {{question}}")
        if key == "choice" and "options" not in used:
            raise StudyError(f"{place}.choice: the options are missing; write {{options}}")
    return {key: value for key, value in entry.items() if key != "source"}


def resolve_prompts(study: dict[str, Any]) -> None:
    """Replace the name by the set (None for ours), check it, and give models of raw text their template."""
    given = study["prompts"]
    if isinstance(given, str):
        sets = load_sets()
        if given not in sets:
            raise StudyError(f"prompts: unknown set '{given}'; {nearest(given, sets)}")
        prompts, name = sets[given], given
    else:
        prompts, name = checked_set(given, "prompts"), "the study's own"
    own = study["instructions"]
    if unknown := [code for code in own if code not in study["languages"]]:
        raise StudyError(
            f"instructions.{unknown[0]}: not among the study's languages; {nearest('', study['languages'])}"
        )
    study["prompts"] = {**prompts, "own": own} if own else None if name == OURS else prompts
    for place, kind, languages, translated in asked(study):
        if translated:
            if prompts["translation"] is None:
                raise StudyError(f"{place}: the prompts '{name}' have no words for a translation; choose others")
            continue
        if (template := prompts[kind]) is None:
            there = " and ".join(k for k in KINDS if prompts[k])
            raise StudyError(f"{place}: questions of the kind '{kind}', but the prompts '{name}' are only for {there}")
        told = prompts["instructions"]
        if (
            "{instruction}" in template
            and told is not None
            and (lacking := [c for c in languages if c not in {*told, *own}])
        ):
            raise StudyError(
                f"{place}: the prompts '{name}' have no instruction in '{lacking[0]}'; leave it out, or write one: "
                f"instructions: {{{lacking[0]}: ...}}"
            )
    for number, evaluation in enumerate(study["evaluations"]):
        kinds = {kind_of(study, benchmark) for benchmark in evaluation["benchmarks"]} - {"math"}
        if evaluation["decoding"] == "translate-en" and kinds and name != OURS:
            raise StudyError(
                f"evaluations.{number}.decoding: translate-en gives a question and its options as one text, "
                f"which the prompts '{name}' cannot lay out; use mathematical benchmarks or the prompts '{OURS}'"
            )
    if prompts["form"] == "text":
        used = {model for evaluation in study["evaluations"] for model in evaluation["models"]}
        used |= {model.get("from") for model in study["models"].values()}
        take_plain({model: recipe for model, recipe in study["models"].items() if model in used}, name)


def asked_in_english(study: dict[str, Any]) -> list[str]:
    """The languages of questions that are put with an English instruction, for want of one. study: resolved."""
    prompts = study["prompts"]
    if prompts is not None and prompts["instructions"] is not None:
        return []
    wanted = [code for _, kind, languages, translated in asked(study) if not translated for code in languages
              if prompts is None or "{instruction}" in prompts[kind]]  # fmt: skip
    return [code for code in dict.fromkeys(wanted) if not has_phrasebook(code) and code not in study["instructions"]]


def asked(study: dict[str, Any]) -> Iterator[tuple[str, str, list[str], bool]]:
    """(place, kind of question, languages, whether as a translation) of all that is asked or taught."""
    for number, evaluation in enumerate(study["evaluations"]):
        for benchmark in evaluation["benchmarks"]:
            yield f"evaluations.{number}", kind_of(study, benchmark), evaluation["languages"], False
    trained = {RECIPES[model["recipe"]].reads for model in study["models"].values()}
    for reads, section in SECTIONS.items():
        if reads in trained:
            yield section, "math", study[section]["languages"], False
    for name in dict.fromkeys(model["data"] for model in study["models"].values() if "data" in model):
        for number, part in enumerate(study["data"][name]):
            if part["task"] in ("reasoning", "context", "translation"):
                sources = [form_of(study["sources"][part["source"]]).kind] if "source" in part else []
                for kind in sources or [kind_of(study, benchmark) for benchmark in part.get("benchmarks", [])]:
                    yield f"data.{name}.{number}", kind, part["languages"], part["task"] == "translation"


def kind_of(study: dict[str, Any], benchmark: str) -> str:
    form = source_of(study, benchmark)
    setting = study["benchmarks"][benchmark]["setting"]
    return form.kind if form else {"facts": "choice", "statements": "entailment"}.get(setting, "math")


def take_plain(models: dict[str, Any], name: str) -> None:
    """Raw text has no chat: models from elsewhere get the template `plain`; those that are made here have another."""
    for model, recipe in models.items():
        place = f"models.{model}"
        if recipe["recipe"] == "pretrain":
            raise StudyError(f"{place}: is pretrained on chats, but the prompts '{name}' are raw text; choose others")
        if recipe["recipe"] in ("hub", "folder") and recipe.setdefault("chat_template", PLAIN) != PLAIN:
            raise StudyError(f"{place}.chat_template: the prompts '{name}' are raw text; leave it out")
