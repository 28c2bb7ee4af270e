"""Pretraining from scratch: a tokenizer and a small decoder, which the miniature uses in place of a hub model."""

from collections.abc import Iterable
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers import models as tokenizer_models
from tokenizers.trainers import BpeTrainer
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

from vernacular.language.prompts import CHAT_TEMPLATE, END_OF_THINKING, THINK
from vernacular.models.job import Job
from vernacular.models.loop import train
from vernacular.models.record import save_model
from vernacular.models.supervised import packed_trainer

SPECIAL = ["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>"]
# Words with their combining marks (GPT-2's pattern breaks Bengali, Telugu and Thai words at every vowel sign, which
# doubles their tokens), groups of digits, runs of punctuation, whitespace.
WORDS = r" ?[\p{L}\p{M}\u200c\u200d']+|\p{N}{1,DIGITS}| ?[^\s\p{L}\p{M}\p{N}]+|\s+"


def train_tokenizer(texts: Iterable[str], vocabulary: int, digits: int = 1) -> PreTrainedTokenizerFast:
    """Byte-level BPE of at most `vocabulary` tokens, each of at most `digits` digits (LLaMA 2 has 1, Llama 3 has 3)."""
    tokenizer = Tokenizer(tokenizer_models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS.replace("DIGITS", str(digits))), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        BpeTrainer(
            vocab_size=vocabulary - 2,
            special_tokens=SPECIAL,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer.add_tokens([THINK, END_OF_THINKING])  # not special: decoding keeps them
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",
        eos_token="<|end|>",
        padding_side="left",
        chat_template=CHAT_TEMPLATE,
        model_max_length=1024,
        clean_up_tokenization_spaces=False,
    )


def build_model(architecture: dict[str, Any], tokenizer: PreTrainedTokenizerFast) -> Any:
    """A decoder with random weights from a Transformers config (`model_type` and its own keys)."""
    return AutoModelForCausalLM.from_config(build_config(architecture, tokenizer, bos_token_id=None))


def build_config(architecture: dict[str, Any], tokenizer: PreTrainedTokenizerFast, **tokens: Any) -> Any:
    """A Transformers config for the tokenizer; tokens: ids of further special tokens."""
    return AutoConfig.for_model(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        **tokens,
        **architecture,
    )


def pretrain(job: Job, rows: list[dict[str, Any]]) -> None:
    """Train the tokenizer and the model that `job.recipe` describes on rows of records.TRAINING, and save them."""
    recipe = job.recipe
    # The tag is a token of its own, so no merges are spent on it.
    texts = (text for row in rows for text in (row["prompt"], row["completion"].removeprefix(f"{THINK}\n")) if text)
    tokenizer = train_tokenizer(texts, recipe["vocabulary"], recipe["digits"])
    model = build_model(recipe["architecture"], tokenizer)
    trainer = packed_trainer(model, tokenizer, model.base_model, rows, job)
    save_model(model, tokenizer, trainer, job, train(trainer, job))
