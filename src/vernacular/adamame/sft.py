"""AdaMame's first stage (arXiv 2606.15080): SFT on filtered native-language traces, through TRL."""

from typing import Any

from datasets import Dataset
from trl import SFTConfig, SFTTrainer

from vernacular.adamame.train import common_arguments
from vernacular.language.prompts import answer_message, question_messages
from vernacular.models.training import Job, train
from vernacular.models.tuned import load_tuned, save_tuned


def train_sft(job: Job, rows: list[dict[str, Any]]) -> None:
    """Stage 1: rows of records.KEPT_TRACE; the loss is over completions alone."""
    model, _, tokenizer = load_tuned(job, "auto")
    data = Dataset.from_list(
        [
            {
                "prompt": question_messages(row["question"], row["language"]),
                "completion": [answer_message(row["completion"])],
            }
            for row in rows
        ]
    )
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            completion_only_loss=True,
            include_num_input_tokens_seen="non_padding",
            **common_arguments(job),
        ),
        train_dataset=data,
        processing_class=tokenizer,
    )
    save_tuned(model, tokenizer, trainer, job, train(trainer, job, []), "auto")
