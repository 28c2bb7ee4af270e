"""Tiny merges for tests: parents of every kind with random weights, and what one should give, worked out by hand.

The weights are spread wide enough that features and prompt both tell in the logits.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from mini import mini
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM, NllbTokenizer

from vernacular.corpus.miniature import question_rows
from vernacular.evaluation.generate import answers_of
from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.resume import all_rows
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.prompts import question_messages
from vernacular.merge.answer import merge_extras
from vernacular.merge.model import MergedModel
from vernacular.merge.train import collate
from vernacular.models.pretrain import train_tokenizer

LANGUAGES = ["en", "fr", "ja"]
BENCHMARKS = {"mini-mgsm": mini(test=3)}
QUESTIONS = list(question_rows(BENCHMARKS, LANGUAGES, "test", 1))
OPTIONS = GenerationOptions(LANGUAGES, max_new_tokens=8, batch_tokens=20_000)
CLOSE: dict[str, Any] = {"atol": 1e-5, "rtol": 1e-4}

T5 = {"d_model": 12, "d_kv": 6, "d_ff": 24, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0}
M2M = {
    "d_model": 12, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "max_position_embeddings": 256, "init_std": 0.2,
}  # fmt: skip
BERT = {
    "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24,
    "max_position_embeddings": 256, "initializer_range": 0.2,
}  # fmt: skip
LLM = {
    "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 512, "initializer_range": 0.2,
}  # fmt: skip
NEOX = {name: value for name, value in LLM.items() if name not in ("num_key_value_heads", "head_dim")}
GPT2 = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 256, "initializer_range": 0.2}  # absolute positions

ENCODERS: dict[str, Any] = {"t5": T5, "mt5": T5, "m2m_100": M2M, "nllb": M2M, "xlm-roberta": BERT}
LLMS: dict[str, Any] = {
    "llama": LLM, "qwen3": LLM, "gpt_neox": NEOX, "gemma": LLM, "gpt2": GPT2, "narrow": {**LLM, "hidden_size": 8},
}  # fmt: skip
WITH_BOS = ("gpt_neox", "gemma")


# --- Parents and examples ---------------------------------------------------------------------------------------------


@cache
def tokenizer() -> Any:
    texts = (question_messages(row["question"], row["language"])[0]["content"] for row in QUESTIONS)
    return train_tokenizer(texts, 340)


def nllb_tokenizer() -> Any:
    """A real one, of single letters, with `en` and `fr` among its ordinary pieces, as in NLLB's own vocabulary."""
    letters = {letter for row in QUESTIONS for letter in row["question"]} - {" "}
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "▁", *sorted(letters), "en", "fr"]
    vocabulary = {token: place for place, token in enumerate(tokens)}
    merges: Any = [("e", "n"), ("f", "r")]
    return NllbTokenizer(vocab=vocabulary, merges=merges)


def write_parent(folder: Path, kind: str, options: dict[str, Any], seed: int = 1) -> Path:
    own = nllb_tokenizer() if kind == "nllb" else tokenizer()
    own.bos_token = "<|end|>" if kind in WITH_BOS else own.bos_token
    marks = {"pad_token_id": own.pad_token_id, "eos_token_id": own.eos_token_id, "bos_token_id": own.bos_token_id}
    family = {"nllb": "m2m_100", "narrow": "llama"}.get(kind, kind)
    config = AutoConfig.for_model(family, **{"vocab_size": len(own), **marks, **options})
    torch.manual_seed(seed)
    maker: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    maker = AutoModelForMaskedLM if kind == "xlm-roberta" else maker
    maker.from_config(config).save_pretrained(folder)
    own.save_pretrained(folder)
    if kind in WITH_BOS:
        own.bos_token = None
    return folder


def example(question: int, prompt: int, target: int, language: int, seed: int) -> dict[str, Any]:
    """Random tokens of the given lengths, as encode_rows gives them."""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, 300, (question + prompt + target,), generator=draw).tolist()
    return {
        "encoder_input_ids": [4 + token % 50 for token in ids[:question]],
        "input_ids": ids[question:],
        "prompt": prompt,
        "language": language,
    }


EXAMPLES = [example(9, 12, 5, 0, 1), example(3, 20, 1, 2, 2), example(15, 4, 9, -1, 3), example(1, 1, 2, 1, 4)]


def batch_of(model: MergedModel, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    return collate(examples, model.encoder_tokenizer.pad_token_id, model.tokenizer.pad_token_id)


def prompts_of(model: MergedModel, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """The same without targets, as generation has them."""
    batch = batch_of(model, [{**e, "input_ids": e["input_ids"][: e["prompt"]]} for e in examples])
    return {name: batch[name] for name in batch if name not in ("labels", "prompt_mask")}


# --- By hand ----------------------------------------------------------------------------------------------------------


def gate_by_hand(gate: Any, features: torch.Tensor, text: torch.Tensor, language: int) -> torch.Tensor:
    """The equations of merge/gates.py for one example: features (n, width), text (m, width). (2, 1 or width)."""
    if gate is None:
        return torch.ones(2, 1)
    if not hasattr(gate, "query"):
        return (1 + torch.tanh(gate.weights))[:, None]
    query, key, value = text @ gate.query.weight.T, features @ gate.key.weight.T, features @ gate.value.weight.T
    attention = torch.softmax(query @ key.T / query.shape[1] ** 0.5, dim=1)
    pooled = (attention @ value).mean(0)
    if gate.language is not None:
        table = gate.language.weight
        pooled = torch.cat([pooled, table[language] if language >= 0 else table.mean(0)])
    logits = gate.out.weight @ torch.relu(gate.hidden.weight @ pooled + gate.hidden.bias) + gate.out.bias
    return (torch.sigmoid(logits) if gate.bounded else 1 + torch.tanh(logits)).reshape(2, len(logits) // 2)


@torch.inference_mode()
def by_hand(model: MergedModel, example: dict[str, Any]) -> tuple[torch.Tensor, list[float]]:
    """(logits after each of `input_ids`, gates) of [BOS; g_X X; b; g_T T] and the target, without batch or padding;
    of a vector gate the means over its dimensions."""
    hidden = model.encoder(input_ids=torch.tensor([example["encoder_input_ids"]])).last_hidden_state[0]
    mapped = model.connector.mapping(hidden)
    embed, prompt = model.llm.get_input_embeddings(), example["prompt"]
    length = embed.weight.float().square().sum(1).sqrt().mean()
    features = length * mapped / mapped.square().sum(1, keepdim=True).sqrt()
    text = embed(torch.tensor(example["input_ids"], dtype=torch.int64))
    gates = gate_by_hand(model.connector.gate, features, text[:prompt], example["language"])
    start = [] if model.tokenizer.bos_token_id is None else [embed(torch.tensor([model.tokenizer.bos_token_id]))]
    scales = gates if model.options["gate"] != "attention-bias" else torch.ones(2, 1)
    read = [*start, scales[0] * features, model.connector.boundary[None], scales[1] * text[:prompt], text[prompt:]]
    mask = None
    if model.options["gate"] == "attention-bias":  # log g is added to the logits of the keys before each query
        bias = [0.0] * len(torch.cat(read))
        bias[len(start) : len(start) + len(features)] = [float(gates[0].log())] * len(features)
        asked = len(start) + len(features) + 1
        bias[asked : asked + prompt] = [float(gates[1].log())] * prompt
        mask = torch.tensor([[value if k <= q else -1e30 for k, value in enumerate(bias)] for q in range(len(bias))])
        mask = mask[None, None]
    logits = model.llm(inputs_embeds=torch.cat(read)[None], attention_mask=mask, use_cache=False).logits[0]
    return logits[-len(example["input_ids"]) :], gates.mean(1).tolist()


def loss_by_hand(model: MergedModel, examples: list[dict[str, Any]]) -> torch.Tensor:
    """The mean over all target tokens of the batch."""
    losses = []
    for one in examples:
        logits, prompt = by_hand(model, one)[0], one["prompt"]
        wanted = torch.tensor(one["input_ids"][prompt:])
        losses.append(torch.nn.functional.cross_entropy(logits[prompt - 1 : -1], wanted, reduction="none"))
    return torch.cat(losses).mean()


def greedy_by_hand(model: MergedModel, one: dict[str, Any], steps: int) -> list[int]:
    made: list[int] = []
    while len(made) < steps:
        ids = one["input_ids"][: one["prompt"]] + made
        made.append(int(by_hand(model, {**one, "input_ids": ids})[0][-1].argmax()))
        if made[-1] == model.tokenizer.eos_token_id:
            break
    return made


def answers(model: MergedModel, questions: list[dict[str, Any]], **changes: Any) -> dict[tuple[str, str], dict]:
    options = replace(OPTIONS, **changes)
    extras = merge_extras(model, questions, options.decoding, LanguageIdentifier(LANGUAGES))
    rows = list(all_rows(answers_of(model, model.tokenizer, questions, options, 1, extras)))
    assert len(rows) == len(questions) * options.samples
    return {(row["id"], row["language"]): row for row in rows if row["sample"] == 0}


@torch.inference_mode()
def logits_of(model: MergedModel, **batch: torch.Tensor) -> torch.Tensor:
    """(batch, time, vocabulary): what the LLM predicts after each place of its input."""
    embeddings, mask, _, _ = model.inputs(**batch)  # type: ignore[arg-type]
    positions = ((mask > 0).cumsum(1) - 1).clamp(min=0)
    return model.llm(inputs_embeds=embeddings, attention_mask=mask, position_ids=positions).logits
