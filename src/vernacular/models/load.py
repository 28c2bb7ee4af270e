"""Load a model folder for inference."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vernacular.models.manifest import check_folder


def load_model(folder: str | Path, dtype: str = "auto") -> tuple[Any, Any]:
    """(model in evaluation mode, tokenizer padding on the left). dtype: see `torch_dtype`; errors: see `loading`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    with loading(folder):
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch_dtype(dtype), trust_remote_code=False)
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", trust_remote_code=False)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model.eval().to("cuda" if torch.cuda.is_available() else "cpu"), tokenizer


@contextmanager
def loading(folder: str | Path) -> Iterator[None]:
    """Check a model folder first, then load it inside of this: a broken one is a ValueError of one line."""
    from safetensors import SafetensorError

    check_folder(folder)
    try:
        yield
    except (ValueError, OSError, KeyError, SafetensorError) as error:
        what = " ".join(str(error).split())[:300]
        raise ValueError(f"{folder}: no model that can be loaded ({what}); make it again") from None


def torch_dtype(name: str) -> Any:
    """`float32`, `bfloat16`, or `auto`: bfloat16 on a GPU, else float32."""
    import torch

    if name == "auto":
        return torch.bfloat16 if torch.cuda.is_available() else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]
