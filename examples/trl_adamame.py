"""AdaMame's second stage (arXiv 2606.15080) with TRL alone: GRPO whose reward grows for native-language reasoning.

    python examples/trl_adamame.py Qwen/Qwen3-0.6B questions.jsonl trained/

questions.jsonl has a line for each question: {"question": "...", "language": "fr", "answer": "18"}. Needs
pip install 'vernacular[train]'. `vernacular score trained/` then says how accuracy and language went.
"""

import argparse

import torch
from datasets import Dataset, load_dataset
from trl import GRPOConfig, GRPOTrainer

from vernacular import AdaMameReward


def with_prompts(data: Dataset, instruction: str) -> Dataset:
    """A conversation for each question; `language` and `answer` stay, for the reward."""
    return data.map(
        lambda row: {"prompt": [{"role": "user", "content": f"{row['question']}\n{instruction}"}]},
        remove_columns=[name for name in data.column_names if name not in ("language", "answer")],
    )


def main(argv: list[str] | None = None) -> GRPOTrainer:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("model", help="a folder or a model of the hub")
    parser.add_argument("questions", help="JSON lines with question, language and answer")
    parser.add_argument("out", help="folder for checkpoints and completions")
    parser.add_argument("--instruction", default="\\boxed{}")
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--tokens", type=int, default=4096, help="of a completion, at most")
    args = parser.parse_args(argv)
    data = load_dataset("json", data_files=args.questions, split="train")
    trainer = GRPOTrainer(
        model=args.model,
        reward_funcs=AdaMameReward(languages=sorted({"en", *data["language"]})),
        args=GRPOConfig(
            output_dir=args.out,
            max_steps=args.steps,
            max_completion_length=args.tokens,
            num_generations=8,
            per_device_train_batch_size=8,
            learning_rate=1e-6,
            log_completions=True,  # what `vernacular score` reads
            bf16=torch.cuda.is_available(),
            report_to="none",
        ),
        train_dataset=with_prompts(data, args.instruction),
    )
    trainer.train()
    return trainer


if __name__ == "__main__":
    main()
