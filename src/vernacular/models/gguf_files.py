"""Models in GGUF files, as llama.cpp and Ollama have them, written as folders that every job loads.

Transformers reads the file and dequantises it. Nothing is trained or evaluated in the file's own blocks: all models of
a study go through the same code.
"""

import tempfile
from importlib.util import find_spec
from pathlib import Path

from vernacular.storage.files import check_regular
from vernacular.storage.messages import one_line

NEEDED = "a GGUF file needs the package gguf: pip install '.[gguf]'"
MAGIC = b"GGUF"  # with which every such file begins


def check_gguf(file: Path) -> None:
    """Raises ValueError (one line) where the package is missing, and for a file that is not GGUF."""
    if find_spec("gguf") is None:
        raise ValueError(f"{file}: {NEEDED}")
    if not file.exists():
        raise ValueError(f"{file}: there is no such file; fix the recipe's `gguf`")
    check_regular(file)
    with file.open("rb") as handle:
        if handle.read(len(MAGIC)) != MAGIC:
            raise ValueError(
                f"{file}: not a GGUF file (it does not begin with {MAGIC.decode()}); fix the recipe's `gguf`"
            )


def write_model(file: Path, folder: Path) -> None:
    """Write the decoder in a GGUF file into a folder: config, weights, tokenizer, and its chat template if it has one.

    Weights become bfloat16 (our choice): its rounding is far below that of four bits, and of the size of that of eight.
    Raises ValueError (one line with the file) for what check_gguf refuses, and for what Transformers cannot read: an
    architecture or a tokenizer that it does not know, a file that is cut off.
    """
    check_gguf(file)
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    with tempfile.TemporaryDirectory() as place:
        # Ollama's files have no ending, and Transformers tells a GGUF file by its own.
        link = Path(place) / "model.gguf"
        link.symlink_to(file.resolve())
        try:
            tokenizer = AutoTokenizer.from_pretrained(place, gguf_file=link.name, trust_remote_code=False)
            model = AutoModelForCausalLM.from_pretrained(
                place,
                gguf_file=link.name,
                dtype=torch.bfloat16,
                quantization_config=GgufConfig(dequantize=True),
                trust_remote_code=False,
            )
        except Exception as error:  # a cut file ends in whatever the reader meets first
            what = one_line(str(error) or type(error).__name__).replace(str(link), "it")[:200]
            raise ValueError(
                f"{file}: Transformers cannot read this GGUF file ({what}); fetch it again, or take the model's folder "
                "with safetensors"
            ) from None
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
