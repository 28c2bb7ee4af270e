"""A mirror of the hub with tiny models of the papers' architectures, weights drawn by chance, and tiny data.

Models are made by their own configuration and tokenizer classes; tokenizers know bytes or single characters alone.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaTokenizer,
    MT5Config,
    MT5ForConditionalGeneration,
    Qwen2Config,
    Qwen2Tokenizer,
    Qwen3Config,
    T5Tokenizer,
)

MAIN = "f" * 40  # the commit of a branch
SIZE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": False,
}
TURNS = ["<|im_start|>", "<|im_end|>", "<｜User｜>", "<｜Assistant｜>", "<｜end▁of▁sentence｜>"]


def qwen_tokenizer(end: str) -> Any:
    alphabet = ["<|endoftext|>", *sorted(ByteLevel.alphabet())]
    vocabulary = {token: number for number, token in enumerate(alphabet)}
    tokenizer = Qwen2Tokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"additional_special_tokens": TURNS, "eos_token": end})
    tokenizer.add_tokens(["<think>", "</think>"])
    tokenizer.chat_template = "{{ messages }} a template that the study replaces"
    return tokenizer


def llama_tokenizer() -> Any:
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁"]
    return LlamaTokenizer(vocab={piece: number for number, piece in enumerate(pieces)}, merges=[])


def mt5_tokenizer(text: str) -> Any:
    characters = sorted({*text} - {" ", "\n"})
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0), *((c, -4.0) for c in characters)]
    return T5Tokenizer(vocab=pieces, extra_ids=0)


def write_model(folder: Path, kind: str, text: str) -> None:
    torch.manual_seed(0)
    if kind == "mt5":
        tokenizer = mt5_tokenizer(text)
        config: Any = MT5Config(
            d_model=32, d_kv=16, d_ff=64, num_layers=2, num_decoder_layers=1, num_heads=2, vocab_size=len(tokenizer)
        )
        model: Any = MT5ForConditionalGeneration(config)
    else:
        end = {"qwen2": "<｜end▁of▁sentence｜>", "qwen3": "<|im_end|>"}.get(kind, "")
        tokenizer = qwen_tokenizer(end) if end else llama_tokenizer()
        classes = {"qwen2": Qwen2Config, "qwen3": Qwen3Config, "llama": LlamaConfig}
        config = classes[kind](
            vocab_size=len(tokenizer),
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=None,
            **SIZE,
            **({"head_dim": 16} if kind == "qwen3" else {}),
        )
        model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def lay_out(mirror: Path, kind: str, repo: str, revision: str, folder: Path) -> None:
    """The files of a folder as the hub client's cache holds a repository: links to blobs named by their checksum."""
    root = mirror / f"{kind}s--{repo.replace('/', '--')}"
    commit = MAIN if revision == "main" else revision
    (root / "blobs").mkdir(parents=True)
    (root / "snapshots" / commit).mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(commit)
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        blob = hashlib.sha256(data).hexdigest()
        (root / "blobs" / blob).write_bytes(data)
        (root / "snapshots" / commit / file.name).symlink_to(f"../../blobs/{blob}")


def lay_out_url(mirror: Path, url: str, data: bytes) -> str:
    """A file where a mirror holds that of a URL; gives its SHA-256."""
    path = mirror / url.split("://")[1]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


# --- data: answers are 1 or 2, so that a model that has learnt to answer at all is right now and then

ASKED = {"en": "How many apples? {}", "fr": "Combien de pommes ? {}", "th": "แอปเปิลกี่ผล {}"}
SAID = {"en": "I count the apples.", "fr": "Je compte les pommes.", "th": "ฉันนับแอปเปิล"}
TOLD = {
    "fr": "Veuillez raisonner étape par étape et placer votre réponse finale dans \\boxed{}.",
    "th": "กรุณาให้เหตุผลทีละขั้นตอน และใส่คำตอบสุดท้ายของคุณไว้ภายใน \\boxed{}",
}
NAMES = {"en": "English", "fr": "French", "th": "Thai"}


def mgsm(language: str, count: int) -> bytes:
    """With numbers of its own: the leak check would find its questions in the training sets."""
    return "\n".join(f"{ASKED[language].format(n + 500)}\t{n % 2 + 1}" for n in range(count)).encode()


def traces(count: int) -> bytes:
    rows = [
        {
            "instruction": f"{TOLD[code]}\n\n{ASKED[code].format(n)}",
            "input": "",
            "output": f"{SAID[code]}\n</think>\n\\boxed{{{n % 2 + 1}}}",
        }
        for n in range(count)
        for code in ("fr", "th")
    ]
    # The same trace each time, but never the same question: the filter takes none of them for a copy.
    return json.dumps(rows, ensure_ascii=False).encode()


def prompts(folder: Path, count: int) -> bytes:
    rows = [
        {
            "prompt": [{"role": "user", "content": f"{TOLD[code]}\n\n{ASKED[code].format(100 + n)}"}],
            "reward_model": {"ground_truth": str(n % 2 + 1), "style": "rule", "lang": code},
            "lang": code,
        }
        for n in range(count)
        for code in ("fr", "th")
    ]
    path = folder / "prompts.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path.read_bytes()


def instructions(count: int) -> str:
    rows = [
        {
            "prompt": (
                "Below is an instruction that describes a task. Write a response that appropriately completes the "
                f"request in {NAMES[code]}. Please answer in {NAMES[code]}.\n\n### Instruction:\n"
                f"{ASKED[code].format(n)}\n\n### Response:"
            ),
            "chosen": f"{SAID[code]}\n#### {n % 2 + 1}",
            "reject": "",
        }
        for n in range(count)
        for code in ("en", "fr", "th")
    ]
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
