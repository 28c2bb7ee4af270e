"""AdaMame's first stage (arXiv 2606.15080): SFT on filtered native-language traces, through TRL."""

from typing import Any

from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from vernacular.language.prompts import answer_message, question_messages
from vernacular.models.job import Job
from vernacular.models.loop import trl_arguments
from vernacular.models.parents import load_parent, train_and_save


def train_sft(job: Job, rows: list[dict[str, Any]]) -> None:
    """Stage 1: rows of records.KEPT_TRACE; the loss is over completions alone."""
    parent = load_parent(job, "auto")
    data = Dataset.from_dict(
        {
            "prompt": [question_messages(row["question"], row["language"]) for row in rows],
            "completion": [[answer_message(row["completion"])] for row in rows],
        }
    )
    trainer = SFTTrainer(
        model=parent.model,
        args=SFTConfig(completion_only_loss=True, include_num_input_tokens_seen="non_padding", **trl_arguments(job)),
        train_dataset=data,
        processing_class=parent.tokenizer,
    )
    train_and_save(parent, trainer, job)
