"""Load a model folder: for inference, or for a trainer that will place it itself."""

from pathlib import Path
from typing import Any


def load_model(
    folder: str | Path, dtype: str = "auto", device: str | None = None, quantization_config: Any = None
) -> tuple[Any, Any]:
    """(model in evaluation mode, tokenizer padding on the left). dtype: see `torch_dtype`.

    device: by default a GPU where there is one. A trainer takes its model from the CPU, since of a model that several
    processes share no GPU may hold the whole. quantization_config: of Transformers.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    options = {"quantization_config": quantization_config, "device_map": {"": device}} if quantization_config else {}
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch_dtype(dtype), trust_remote_code=False, **options
    )
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", trust_remote_code=False)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.eval()
    return model if quantization_config else model.to(device), tokenizer


def torch_dtype(name: str) -> Any:
    """`float32`, `bfloat16`, or `auto`: bfloat16 where the processor computes in it, else float32."""
    import torch

    if name == "auto":
        return torch.bfloat16 if computes_bfloat16() else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


def computes_bfloat16() -> bool:
    """Whether a GPU is used, or a CPU with instructions for it: others emulate it, ten times slower than float32."""
    import torch

    cpu = torch.cpu.get_capabilities()
    return torch.cuda.is_available() or any(cpu.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
