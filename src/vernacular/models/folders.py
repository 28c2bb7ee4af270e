"""How models are loaded from folders."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vernacular.models.provenance import check_folder


def load_model(
    folder: str | Path, dtype: str = "auto", device: str | None = None, quantization_config: Any = None
) -> tuple[Any, Any]:
    """(model in evaluation mode, tokenizer padding on the left). dtype: see `torch_dtype`; errors: see `loading`.

    device: by default a GPU if there is one. A trainer loads to the CPU, since no single GPU may hold all of a model
    that several processes share. quantization_config: of Transformers.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    options = {"quantization_config": quantization_config, "device_map": {"": device}} if quantization_config else {}
    with loading(folder):
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch_dtype(dtype), trust_remote_code=False, **options
        )
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", trust_remote_code=False)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    model.eval()
    return model if quantization_config else model.to(device), tokenizer


@contextmanager
def loading(folder: str | Path) -> Iterator[None]:
    """Check a model folder, then load it inside this context: a broken one becomes a ValueError of one line."""
    from safetensors import SafetensorError

    check_folder(folder)
    try:
        yield
    except (ValueError, OSError, KeyError, SafetensorError) as error:
        what = " ".join(str(error).split())[:300]
        raise ValueError(f"{folder}: the model cannot be loaded ({what}); make it again") from None


def torch_dtype(name: str) -> Any:
    """`float32`, `bfloat16`, or `auto`: bfloat16 if the processor computes in it, else float32."""
    import torch

    if name == "auto":
        return torch.bfloat16 if computes_bfloat16() else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


def computes_bfloat16() -> bool:
    """Whether there is a GPU, or a CPU with instructions for it; others emulate it, ten times slower than float32."""
    import torch

    cpu = torch.cpu.get_capabilities()
    return torch.cuda.is_available() or any(cpu.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
