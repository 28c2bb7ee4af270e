"""What the stages between the corpus and the tables read, and their options: models, generations."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from vernacular.adamame.options import PromptsOptions
from vernacular.merge.options import WeightsOptions
from vernacular.models.launch import processes
from vernacular.slam.options import ProbeOptions, SelectionOptions
from vernacular.storage.options import Options, stable_json
from vernacular.study.batches import batch_tokens
from vernacular.study.compile import Study
from vernacular.study.slam import is_chosen

# --- models


def training_file(study: Study, name: str, seed: int | str) -> list[str]:
    """The file that a model is trained on; none where nothing is trained."""
    model = study.models[name]
    match model.recipe.reads:
        case "data":
            return [study.paths.training(model.options["data"])]
        case "traces":
            return [study.paths.kept_traces]
        case "prompts":
            return [study.paths.prompts(model.options["from"], seed)]
    return []


def one_of(names: Iterable[str]) -> str:
    """A wildcard constraint; without names one that nothing matches."""
    return "|".join(map(re.escape, dict.fromkeys(names))) or "(?!)"


def models_of(study: Study, rule: str) -> list[str]:
    """The models that a rule makes."""
    return [name for name, model in study.models.items() if model.recipe.rule == rule]


def recipe_json(study: Study, name: str) -> str:
    """All that decides about a model's weights except data, code and seed; not what it asks a cluster for."""
    options = {key: value for key, value in study.models[name].options.items() if key != "resources"}
    if options["recipe"] == "grpo":  # its reward identifies languages
        options["identifier"] = study.identifier.__dict__
    if options["recipe"] in ("sft", "grpo", "merge"):
        options["prompt_set"] = study.config["prompts"]
    return stable_json(options)


def training_threads(study: Study, name: str) -> int:
    options = study.models[name].options
    return options["threads"] * processes(options)


def tracking(study: Study, name: str, seed: int | str) -> list[str]:
    """What a training's script is told of the study's tracker."""
    if "track" not in study.config:
        return []
    run = f"{study.config['study']}/{name}/seed-{seed}"
    return ["--track", study.config["track"], run, f"{study.paths.results}/tracking"]


def model_place(study: Study, name: str) -> str:
    """The folder, or the GGUF file, that a model is taken from."""
    options = study.models[name].options
    own = options.get("path") or (None if "repo" in options else options["gguf"])
    return own or study.paths.download(f"models/{name}")


def fetch_flags(study: Study, name: str) -> list[str]:
    """How a model is taken: as an encoder, which is asked nothing; of a repository, its GGUF file alone."""
    options = study.models[name].options
    file = ["--gguf", options["gguf"]] if "repo" in options and "gguf" in options else []
    return file if is_asked(study, name) else [*file, "--encoder"]


def is_asked(study: Study, name: str) -> bool:
    """Whether a model is put questions: it is evaluated, or one starts from it; an encoder or translator only reads."""
    evaluated = {model for evaluation in study.config["evaluations"] for model in evaluation["models"]}
    return name in evaluated | {model.options.get("from") for model in study.models.values()}


def checkpoint_parent(study: Study, name: str, seed: int | str) -> list[str]:
    """What the training of a checkpoint started from: its adapters are merged into that. None for step 0."""
    options = study.models[name].options
    return [study.paths.model(study.models[options["from"]].options["from"], seed)] if options["step"] else []


def prompts_options(study: Study, parent: str) -> PromptsOptions:
    """Of the prompts that a parent is asked: no longer than the models that start from it take."""
    section = {key: value for key, value in study.config["rl"].items() if key != "resources"}
    if "batch_tokens" not in section:
        resources = study.config["rl"]["resources"]
        width = 2 if resources["gpu"] else 4
        section["batch_tokens"] = batch_tokens(study.models, parent, section["max_new_tokens"], resources, width)
    limits = [options["prompt_tokens"] for options in rl_models(study, parent)]
    longest = None if None in limits else max(limits, default=None)
    return PromptsOptions(**section, prompt_tokens=longest, prompts=study.config["prompts"])


def wanted_prompts(study: Study, parent: str) -> int:
    """The most prompts that a model which starts from a parent trains on."""
    return max((options["prompts"] for options in rl_models(study, parent)), default=0)


def rl_models(study: Study, parent: str) -> list[dict[str, Any]]:
    models = [model for model in study.models.values() if model.recipe.reads == "prompts"]
    return [model.options for model in models if model.options["from"] == parent]


def without_batches(options: Options) -> str:
    """The options as JSON without `batch_tokens`, of which no answer depends but by rounding."""
    return replace(options, batch_tokens=None).to_json()  # type: ignore[call-arg]


def probe_options(study: Study) -> ProbeOptions:
    keys = ("benchmark", "languages", "questions", "threshold", "active_share", "batch_size")
    return ProbeOptions(**{key: study.config["slam"][key] for key in keys})


def selection_options(study: Study, name: str) -> SelectionOptions:
    layers = study.models[name].options["layers"]
    return SelectionOptions(layers=layers) if isinstance(layers, list) else SelectionOptions(**layers)


def chosen_models(study: Study) -> list[str]:
    """The models whose layers the probe of their parent is asked about."""
    return [name for name, model in study.models.items() if is_chosen(model.options)]


def chosen_layers(study: Study, name: str, seed: int | str) -> list[str]:
    return [study.paths.layers(name, seed)] if is_chosen(study.models[name].options) else []


def weights_options(study: Study, name: str) -> WeightsOptions:
    """Of a merge of weights; layers that the probe chooses come from a file."""
    options = study.models[name].options
    layers = None if is_chosen(options) else options.get("layers")
    return WeightsOptions(options["method"], options.get("weights"), options.get("density"), layers)


# --- evaluation


def labels_of(study: Study, how: str) -> list[str]:
    """The labels that are answered `alone`, by a merge (`merged`), or behind a translator (`translated`)."""

    def kind(model: str, translator: str | None) -> str:
        return "merged" if study.models[model].parts else "translated" if translator else "alone"

    return list(dict.fromkeys(a.label for a in study.answers.values() if kind(a.model, a.translator) == how))


def merge_part(study: Study, answered: tuple[str, str], part: str, seed: int | str) -> str:
    """The folder of a merge's `encoder` or `llm`, which its own folder does not hold. answered: (label, benchmark)."""
    return study.paths.model(study.models[study.answers[answered].model].parts[part], seed)
