"""The models of a study as a graph: who starts from whom, and what each was trained on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vernacular.storage.messages import nearest
from vernacular.study.recipes import CONNECTORS, RECIPES, SECTIONS, Recipe
from vernacular.study.schema import StudyError


@dataclass(frozen=True)
class Model:
    """One model. options: its entry in the configuration, resolved; ancestors: all that it descends from or rests on,
    nearest first (`from`, then `encoder` or `models`); parts: of a merge, and of its mapping, {encoder, llm}."""

    name: str
    options: dict[str, Any]
    recipe: Recipe
    ancestors: tuple[str, ...]
    parts: dict[str, str]

    @property
    def trained(self) -> bool:
        return "training" in self.options


Graph = Mapping[str, Model]


def build_graph(models: dict[str, dict[str, Any]]) -> dict[str, Model]:
    """Raises StudyError where a parent is unknown or a model descends from itself."""
    parents: dict[str, tuple[str, ...]] = {}
    for name, options in models.items():
        named = {key: options[key] for key in ("from", "encoder") if options.get(key) is not None}
        named |= {f"models.{number}": other for number, other in enumerate(options.get("models", []))}
        for key, parent in named.items():
            if parent not in models:
                raise StudyError(f"models.{name}.{key}: unknown model '{parent}'; {nearest(parent, models)}")
        parents[name] = tuple(named.values())
    found = {name: ancestors(parents, name) for name in models}
    return {
        name: Model(name, options, RECIPES[options["recipe"]], found[name], merge_parts(models, name))
        for name, options in models.items()
    }


def ancestors(parents: dict[str, tuple[str, ...]], name: str) -> tuple[str, ...]:
    """Nearest first. Raises StudyError for a cycle, which it spells out."""
    found: dict[str, None] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(parent, (name, parent)) for parent in parents[name]]
    while waiting:
        model, way = waiting.pop(0)
        if model == name:
            raise StudyError(f"models.{name}.from: a cycle: {' -> '.join(way)}")
        if model not in found:
            found[model] = None
            waiting += [(parent, (*way, parent)) for parent in parents[model]]
    return tuple(found)


def merge_parts(models: dict[str, dict[str, Any]], name: str) -> dict[str, str]:
    """{encoder, llm} of a merge or a mapping; a merge that starts from a mapping has the mapping's."""
    while (options := models[name])["recipe"] in CONNECTORS:
        if options.get("encoder") is not None:
            return {"encoder": options["encoder"], "llm": options["from"]}
        name = options["from"]
    return {}


def lineage(graph: Graph, name: str) -> list[str]:
    """The chain of `from`: the parent, its parent, and so on."""
    found: list[str] = []
    while (parent := graph[found[-1] if found else name].options.get("from")) is not None:
        found.append(parent)
    return found


def with_ancestors(graph: Graph, names: Iterable[str]) -> list[str]:
    """Some models and all that they descend from or rest on, each once."""
    return list(dict.fromkeys(other for name in names for other in (name, *graph[name].ancestors)))


def models_behind(graph: Graph, evaluations: Iterable[Mapping[str, Any]]) -> list[str]:
    """The models that evaluations ask, their translators, and all that these descend from or rest on."""
    asked = [name for e in evaluations for name in (*e["models"], e["translator"]) if name]
    return with_ancestors(graph, asked)


def prompt_parents(graph: Graph, names: Iterable[str]) -> list[str]:
    """The models that answer the RL prompts of some models, each once."""
    return list(dict.fromkeys(graph[name].options["from"] for name in names if graph[name].recipe.reads == "prompts"))


def training_parts(study: dict[str, Any], model: Model) -> list[dict[str, Any]]:
    """The parts of the configuration that describe what a model was trained on; none where nothing was trained."""
    if model.recipe.reads == "data":
        return list(study["data"][model.options["data"]])
    return [study[SECTIONS[model.recipe.reads]]] if model.recipe.reads else []
