"""AdaMame's first stage (arXiv 2606.15080): SFT on filtered native-language traces, through TRL."""

from typing import Any

from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from vernacular.language.prompts import answer_message, prompt_set, question_messages
from vernacular.models.chats import chat_texts
from vernacular.models.job import Job
from vernacular.models.loop import trl_arguments
from vernacular.models.parents import load_parent, train_and_save, trained_dtype
from vernacular.models.record import note


def train_sft(job: Job, rows: list[dict[str, Any]]) -> None:
    """Stage 1: rows of records.KEPT_TRACE; the loss is over completions alone."""
    parent, prompts = load_parent(job, trained_dtype(job.recipe)), prompt_set(job.recipe.get("prompt_set"))
    asked = [question_messages(row["question"], row["language"], prompts=prompts) for row in rows]
    chat_texts(parent.tokenizer, asked, opening=True)  # TRL makes them again, without a look at what it gets
    data = Dataset.from_dict(
        {
            "prompt": asked,
            "completion": [[answer_message(row["completion"])] for row in rows],
        }
    )
    arguments = sft_arguments(job)
    trainer = SFTTrainer(model=parent.model, args=arguments, train_dataset=data, processing_class=parent.tokenizer)
    if arguments.max_length and not arguments.packing:
        note_cut(job, trainer.train_dataset, arguments.max_length, len(rows))
    train_and_save(parent, trainer, job)


def sft_arguments(job: Job) -> SFTConfig:
    """TRL's arguments for the job's recipe."""
    return SFTConfig(completion_only_loss=True, include_num_input_tokens_seen="non_padding", **trl_arguments(job))


def note_cut(job: Job, kept: Any, length: int, rows: int) -> None:
    """Note how many rows TRL has cut to `length` tokens, or left out since their prompt alone is as long; it does both
    without a word, as LLaMA-Factory does for AdaMame. kept: its data set."""
    cut = sum(len(ids) == length for ids in kept["input_ids"])
    if cut or len(kept) < rows:
        note(
            job,
            f"Of {rows:,} traces {cut:,} reach {length:,} tokens (`max_length`), where they are cut, and "
            f"{rows - len(kept):,} were left out, whose prompts do.",
        )
