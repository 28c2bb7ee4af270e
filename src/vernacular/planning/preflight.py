"""A study's trainings and evaluations, tried before anything is submitted: make preflight, or python -m
vernacular.planning.preflight CONFIG...

A line for each job: ok, or what is wrong. On a GPU (or with --run): one step of each training and one batch of each
evaluation at full shapes, with random weights, by the code that trains and answers (planning/rehearsal.py). Without a
GPU, what shapes tell: the trainers' arguments, adapters, chat templates, lengths, memory by part.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vernacular.language.prompts import answer_message, question_messages
from vernacular.models.job import Job
from vernacular.planning.memory import GB, longest_row, micro_batch
from vernacular.planning.plan import read_study
from vernacular.planning.rehearsal import Outcome, rehearse, training_job, tried
from vernacular.planning.sizes import load_sizes, meta_model, shape_of
from vernacular.planning.stand_ins import TEMPLATES
from vernacular.planning.work import Work, answerings, trainings
from vernacular.storage.command import program
from vernacular.study.compile import Study
from vernacular.study.graph import lineage
from vernacular.study.recipes import CONNECTORS

COUNTING, ANSWER = "1, 2, 3", "\\boxed{3}"


def considered(study: Study, folder: Path) -> Iterator[Outcome]:
    """Each training and answering, from shapes alone. folder: for the jobs' files."""
    for work in trainings(study):
        job = training_job(study, work.name, folder)
        checks: list[Callable[[], object]] = [
            lambda job=job: trainer_arguments(job),  # type: ignore[misc]
            lambda name=work.name: check_adapters(study, name),  # type: ignore[misc]
            lambda name=work.name: check_template(study, name),  # type: ignore[misc]
            lambda name=work.name: check_lengths(study, name),  # type: ignore[misc]
        ]
        yield work.rule, work.name, "; ".join(filter(None, [*map(tried, checks), work.note])), held(work)
    lengths = {f"{label} / {name}": (a.model, a.options.max_new_tokens) for (label, name), a in study.answers.items()}
    for work in answerings(study):
        model, new = lengths.get(work.name, (work.name, study.config.get("rl", {}).get("max_new_tokens", 0)))
        wrong = tried(lambda model=model, new=new: check_room(study, model, new))  # type: ignore[misc]
        yield work.rule, work.name, "; ".join(filter(None, [wrong, work.note])), held(work)


def held(work: Work) -> str:
    """Memory of the GPU by part, of a job that has one."""
    parts = [f"{name} {size / GB:.1f}" for name, size in work.memory.parts.items() if size >= 0.05 * GB]
    return f"{work.memory.peak / GB:.1f} GB ({', '.join(parts)})" if work.gpus else ""


def trainer_arguments(job: Job) -> Any:
    """The arguments of the job's trainer, as its training makes them; raises what the library raises."""
    match job.recipe["recipe"]:
        case "sft":
            from vernacular.adamame.sft import sft_arguments

            return sft_arguments(job)
        case "grpo":
            from vernacular.adamame.grpo import grpo_arguments

            return grpo_arguments(job)
    from vernacular.models.loop import supervised_arguments

    return supervised_arguments(job, "group_by_length" if job.recipe["recipe"] in CONNECTORS else "random")


def check_adapters(study: Study, name: str) -> None:
    """PEFT makes the adapters of two layers on the meta device, and none of them is on tied embeddings."""
    from vernacular.models.parents import check_tied
    from vernacular.planning.live import FEW, on_meta

    recipe = study.models[name].options
    if recipe.get("lora"):
        check_tied(on_meta(dict(shape_of(study.models, name)), micro_batch(recipe), FEW), name)


def check_template(study: Study, name: str) -> None:
    """The chat template that the configuration gives the model's origin holds the question, and of SFT the trace; a
    template of the model's own is known only once it is there."""
    from transformers.utils.chat_template_utils import render_jinja_template

    recipe = study.models[name].options
    origins = [
        study.models[other].options
        for other in (study.models[name].parts.get("llm", name), *lineage(study.models, name))
    ]
    template = next((options["chat_template"] for options in origins if options.get("chat_template")), None)
    if template is None:
        return
    text = (TEMPLATES / f"{template}.jinja").read_text(encoding="utf-8")
    completion = f"{COUNTING}\n</think>\n{ANSWER}"
    for language in study.config["languages"]:
        asked = question_messages("1 + 2?", language)
        turns = [asked, [*asked, answer_message(completion)]]
        tokens: dict[str, Any] = {"bos_token": "", "eos_token": "<end>", "pad_token": "<pad>", "unk_token": "<unk>"}
        texts: Any = render_jinja_template(conversations=turns, chat_template=text, **tokens)[0]
        prompt, whole = texts
        if "1 + 2?" not in prompt:
            raise ValueError(f"chat_template {template}: the question is not in the prompt ({language}); take another")
        if recipe["recipe"] == "sft" and (COUNTING not in whole or ANSWER not in whole):
            raise ValueError(f"chat_template {template}: drops the trace that SFT is to learn; take another")


def check_lengths(study: Study, name: str) -> None:
    """A training's rows fit the model's context, and GRPO's rollouts what vLLM holds."""
    recipe, longest = study.models[name].options, longest_row(study.models[name].options)
    training = recipe["training"]
    if training.get("use_vllm") and longest > (training.get("vllm_max_model_length") or longest):
        raise ValueError(f"prompt and completion take {longest:,} tokens: raise training.vllm_max_model_length to that")
    context = context_of(study, name)
    if longest > context:
        raise ValueError(f"rows of {longest:,} tokens do not fit the model's context of {context:,}: lower them")


def check_room(study: Study, name: str, new: int) -> None:
    """A usual question and an answer fit the model's context; else all would be `prompt_too_long`."""
    needed, context = load_sizes()["assumptions"]["prompt"] + new, context_of(study, name)
    if needed > context:
        raise ValueError(
            f"question and answer take {needed:,} tokens, the context has {context:,}: lower max_new_tokens"
        )


def context_of(study: Study, name: str) -> int:
    config = meta_model(shape_of(study.models, name)).config
    return getattr(config, "max_position_embeddings", None) or 10**9


# --- the command


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", nargs="+", help="configuration files, laid over each other from left to right")
    parser.add_argument("--run", action="store_true", help="also run steps and batches on a CPU; for tiny models")
    parser.add_argument("--folder", type=Path, help="folder for models with random weights (default: temporary)")


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    import torch

    study = read_study(args.config)
    try_out = rehearse if args.run or torch.cuda.is_available() else considered
    wrong, count = 0, 0
    with tempfile.TemporaryDirectory(prefix="vernacular-preflight-") as temporary:
        for rule, name, problem, detail in try_out(study, args.folder or Path(temporary)):
            said = f"wrong: {problem}" if problem else "ok"
            print(f"{rule} {name}: {said}{f', {detail}' if detail else ''}", flush=True)
            wrong, count = wrong + bool(problem), count + 1
    if wrong:
        raise ValueError(f"{wrong} of {count} jobs would fail or do not fit; see above")
