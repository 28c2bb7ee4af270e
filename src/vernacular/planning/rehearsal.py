"""One step of each training and one batch of each evaluation, at full shapes with random weights: `make preflight` on a
GPU, by the code that trains and answers.

A step is one micro-batch of the longest rows, of one process; a training starts from the model that the rehearsal of
its parent has left. Evaluations of models of one shape with the same options are one.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from vernacular.language.prompts import prompt_set
from vernacular.models.job import Job
from vernacular.planning.memory import longest_row, prompt_length
from vernacular.planning.sizes import load_sizes, meta_model, shape_of
from vernacular.planning.stand_ins import stand_in
from vernacular.storage.files import write_json
from vernacular.storage.messages import one_line
from vernacular.study.compile import Study
from vernacular.study.graph import Model, prompt_parents
from vernacular.study.stages import prompts_options, recipe_json

WORDS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
LONGER = ("save_steps", "warmup_steps", "steps_per_generation", "generation_batch_size", "num_iterations")
Outcome = tuple[str, str, str, str]  # rule, model, what is wrong ("" for nothing), more to tell


def rehearse(study: Study, folder: Path) -> Iterator[Outcome]:
    """Everything in turn, parents first. folder: for the models, which take as much disk as the study's own."""
    failed: set[str] = set()
    waiting = dict(study.models)
    while waiting:
        ready = next(name for name in waiting if not set(waiting) & set(waiting[name].ancestors))
        model = waiting.pop(ready)
        if model.options["recipe"] == "checkpoint":  # of a training that is rehearsed, and saves none in one step
            continue
        if failed & set(model.ancestors):
            failed.add(ready)
            yield model.recipe.rule, ready, "not tried, since what it starts from failed", ""
            continue
        wrong = tried(lambda name=ready: make_model(study, name, folder))  # type: ignore[misc]
        failed |= {ready} if wrong else set()
        if model.trained or wrong:
            yield model.recipe.rule, ready, wrong, ""
    done: set[str] = set()
    for rule, name, call, key in answerings(study, folder):
        if name not in failed and key not in done:
            done.add(key)
            yield rule, name, tried(call), ""


def tried(call: Callable[[], object]) -> str:
    """What went wrong, in one line; "" for nothing."""
    try:
        call()
    except Exception as error:
        return one_line(f"{type(error).__name__}: {error}" if not isinstance(error, ValueError) else str(error))
    return ""


# --- models


def make_model(study: Study, name: str, folder: Path) -> None:
    model = study.models[name]
    if model.trained:
        job = one_step(training_job(study, name, folder))
        job.folder.mkdir(parents=True, exist_ok=True)
        if "layers" in job.inputs:
            write_json(job.inputs["layers"], {"layers": tuned_layers(study, name)})
        train_function(model.recipe.rule)(job, rows_for(study, model, folder))
    else:
        stand_in(study, name, folder / name)


def train_function(rule: str) -> Callable[[Job, list[dict[str, Any]]], None]:
    """What the rule's script calls."""
    match rule:
        case "train_sft":
            from vernacular.adamame.sft import train_sft as found
        case "train_grpo":
            from vernacular.adamame.grpo import train_grpo as found
        case "train_slam":
            from vernacular.slam.tune import tune as found
        case "train_finetune":
            from vernacular.models.finetune import finetune as found
        case "train_mapping":
            from vernacular.merge.train import train_mapping as found
        case "train_merge":
            from vernacular.merge.train import train_merge as found
        case "pretrain":
            from vernacular.models.pretrain import pretrain as found
        case _:
            from vernacular.models.translator import pretrain_translator as found
    return found


def training_job(study: Study, name: str, folder: Path) -> Job:
    """As the rule would start it, except for where it reads and writes."""
    model = study.models[name]
    recipe = json.loads(recipe_json(study, name))
    inputs = {"data": folder / f"{name}.parquet"} | {part: folder / other for part, other in model.parts.items()}
    if "from" in model.options:
        inputs["parent"] = folder / model.options["from"]
    if recipe["recipe"] == "slam":
        inputs["layers"] = folder / f"{name}-layers.json"
    out, checkpoints = folder / name, folder / "checkpoints"
    return Job(recipe, "", 1, inputs, out, folder / f"{name}.csv", checkpoints, {}, name, 2)


def one_step(job: Job) -> Job:
    """One process, one micro-batch. Of GRPO its rollouts alone."""
    training = {key: value for key, value in job.recipe["training"].items() if key not in LONGER}
    training |= {"max_steps": 1, "gradient_accumulation_steps": 1, "save_strategy": "no"}
    recipe = {key: value for key, value in job.recipe.items() if key not in ("launch", "checkpoint_steps")}
    if recipe.get("dev_rows"):  # of the two micro-batches of rows_for one; their loss is taken where weights are saved
        recipe["dev_rows"] = training.get("per_device_train_batch_size", 8)
        training |= {"save_strategy": "steps", "save_steps": 1}
    return replace(job, recipe={**recipe, "training": training})


def tuned_layers(study: Study, name: str) -> list[int]:
    """Those that the recipe names, or as many of the lowest: the longest backward pass."""
    layers = study.models[name].options["layers"]
    if isinstance(layers, list):
        return layers
    return list(
        range(layers.get("count") or max(meta_model(shape_of(study.models, name)).config.num_hidden_layers // 4, 1))
    )


# --- rows


def rows_for(study: Study, model: Model, folder: Path) -> list[dict[str, Any]]:
    """Rows for two micro-batches, as long as a row of the recipe gets, of every schema's columns that trainers read."""
    options = model.options
    length, count = longest_row(options), 2 * options["training"].get("per_device_train_batch_size", 8)
    if model.recipe.reads == "prompts":
        length = prompt_length(options)
        count = max(count, options["training"].get("num_generations", 8))
    start = folder / (model.parts.get("llm") or options.get("from") or "")
    # A prompt holds instruction and template too; a merge reads a question twice, and then its answer.
    question, answer = long_text(start, length // 4), long_text(start, length // 3)
    if options["recipe"] == "sft":
        answer = long_text(start, length)
    languages = study.config["languages"]
    return [
        {
            "id": str(number), "language": languages[number % len(languages)], "task": "reasoning", "context": None,
            "question": question, "prompt": question, "answer": "1", "correct": 1, "trace": answer, "response": answer,
            "completion": f"{answer}\n</think>\n\\boxed{{1}}" if model.recipe.reads == "traces" else answer,
        }
        for number in range(count)
    ]  # fmt: skip


def long_text(folder: Path, tokens: int) -> str:
    """So many tokens of a model's tokenizer; without a model, as many words."""
    from transformers import AutoTokenizer

    if not (folder / "tokenizer_config.json").exists():
        return WORDS * (tokens // len(WORDS.split()) + 1)
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    ids = tokenizer(WORDS * (tokens // 16 + 1), add_special_tokens=False)["input_ids"]
    return str(tokenizer.decode(ids[:tokens]))


# --- answers


def answerings(study: Study, folder: Path) -> Iterator[tuple[str, str, Callable[[], object], str]]:
    """Rule, model, what to call, and a key that jobs share which would do the same."""
    for answer in study.answers.values():
        if answer.translator or study.models[answer.model].options["recipe"] == "checkpoint":
            continue
        parts, options = study.models[answer.model].parts, replace(answer.options, languages=["en"])
        key = json.dumps([shape_of(study.models, answer.model), answer.model if parts else "", asdict(options)])
        length = load_sizes()["assumptions"]["prompt"] + options.max_new_tokens
        count = max(options.batch_tokens // length // options.samples, 1)
        call = answer_merged if parts else answer_alone
        rule = "generate_merged" if parts else "generate"
        yield rule, answer.model, lambda c=call, n=answer.model, o=options, k=count: c(study, folder / n, k, o), key  # type: ignore[misc]
    for name in prompt_parents(study.models, study.models):
        chosen = prompts_options(study, name)
        length = load_sizes()["assumptions"]["prompt"] + chosen.max_new_tokens
        count = max(chosen.batch_tokens // length // chosen.candidates, 1)
        key = json.dumps([shape_of(study.models, name), asdict(chosen)])
        yield "make_rl_prompts", name, lambda n=name, o=chosen, k=count: solve(folder / n, k, o), key  # type: ignore[misc]


def questions(folder: Path, count: int, prompts: Any = None) -> list[dict[str, Any]]:
    """Of a kind that the set of prompts has words for: of X-CSQA's and XNLI's there are none for mathematics."""
    text, words = long_text(folder, load_sizes()["assumptions"]["prompt"] // 2), prompt_set(prompts)
    kind = next(kind for kind in ("math", "choice", "entailment") if getattr(words, kind))
    text = f"{text}\n1" if kind == "entailment" else text  # premise and hypothesis
    choices = ["1", "2"] if kind == "choice" else None
    fields = {"benchmark": "b", "kind": kind, "language": "en", "question": text, "choices": choices, "answer": "1"}
    return [{"id": str(number), **fields} for number in range(count)]


def answer_alone(study: Study, folder: Path, count: int, options: Any) -> None:
    from vernacular.evaluation.engines import folder_answers
    from vernacular.evaluation.resume import all_rows

    check_answered(list(all_rows(folder_answers(folder, questions(folder, count, options.prompts), options, 1))))


def answer_merged(study: Study, folder: Path, count: int, options: Any) -> None:
    from vernacular.evaluation.generate import answers_of
    from vernacular.evaluation.resume import all_rows
    from vernacular.language.identify import LanguageIdentifier
    from vernacular.merge.answer import merge_extras
    from vernacular.merge.model import MergedModel

    model = MergedModel.from_pretrained(folder, options.dtype)
    asked = questions(folder, count, options.prompts)
    extras = merge_extras(model, asked, options.decoding, LanguageIdentifier(**asdict(study.identifier)))
    check_answered(list(all_rows(answers_of(model, model.tokenizer, asked, options, 1, extras))))


def solve(folder: Path, count: int, options: Any) -> None:
    from vernacular.adamame.prompts import candidate_answers, count_solved
    from vernacular.evaluation.resume import all_rows

    asked = questions(folder, count, options.prompts)
    count_solved(asked, all_rows(candidate_answers(str(folder), asked, options, 1)))


def check_answered(rows: list[dict[str, Any]]) -> None:
    """Raises ValueError if the model's context has no room for question and answer."""
    if any(row["finish_reason"] == "prompt_too_long" for row in rows):
        raise ValueError("a usual question and max_new_tokens do not fit the model's context: lower max_new_tokens")
