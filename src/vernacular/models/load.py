"""Load a model folder for inference."""

from pathlib import Path
from typing import Any


def load_model(folder: str | Path, full_precision: bool = False) -> tuple[Any, Any]:
    """(model in evaluation mode, tokenizer padding on the left); bfloat16 on a GPU, else or if asked for float32."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    on_gpu = torch.cuda.is_available()
    dtype = torch.bfloat16 if on_gpu and not full_precision else torch.float32
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, trust_remote_code=False)
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left", trust_remote_code=False)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model.eval().to("cuda" if on_gpu else "cpu"), tokenizer
