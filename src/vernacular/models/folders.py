"""How models are loaded from folders: one checked way for every job.

What a folder holds is looked at first (contents.py); then its config is built without weights, and what that needs is
compared with what is there; then it is loaded, and what came of it is checked (sound.py).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vernacular.models.contents import Contents, check_contents

SPARE = 2**22  # numbers that a model may have beyond those in its files: tables of positions, tied or left-out parts


def load_model(
    folder: str | Path, dtype: str = "auto", device: str | None = None, quantization_config: Any = None
) -> tuple[Any, Any]:
    """(causal LM in evaluation mode, tokenizer padding on the left). dtype: see `torch_dtype`; errors: `load_checked`.

    device: by default a GPU if there is one. A trainer loads to the CPU, since no single GPU may hold all of a model
    that several processes share. quantization_config: of Transformers.
    """
    import torch
    from transformers import AutoModelForCausalLM

    from vernacular.models.sound import check_causal

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    options = {"quantization_config": quantization_config, "device_map": {"": device}} if quantization_config else {}

    def maker(config: Any) -> Any:
        # AutoModelForCausalLM would take BART's decoder, and BERT's layers as if they read from left to right.
        if config.is_encoder_decoder or any(name.endswith("MaskedLM") for name in config.architectures or []):
            raise ValueError(f"{folder}: a model of the type '{config.model_type}' is not a causal LM; name one")
        return AutoModelForCausalLM

    model, tokenizer = load_checked(folder, maker, "left", torch_dtype(dtype), **options)
    model = model if quantization_config else model.to(device)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    with loading(folder):
        check_causal(folder, model, tokenizer)
    return model, tokenizer


def load_checked(
    folder: str | Path,
    maker: Callable[[Any], Any],
    side: str,
    dtype: Any,
    used: Callable[[str], bool] = lambda name: True,
    **options: Any,
) -> tuple[Any, Any]:
    """(model in evaluation mode, tokenizer padding on `side`): the only place that loads weights from a folder.

    maker: the Auto class of Transformers for a config. used: whether a tensor is used at all, by
    name; a folder may lack others, and hold others that the model lacks. Raises ValueError (one line with the folder)
    for one that cannot be loaded, lacks tensors or holds others than its config names, or whose weights are not finite
    numbers, or whose tokenizer knows more tokens than the model.
    """
    from transformers import AutoTokenizer

    from vernacular.models.sound import check_keys, check_stored, check_tokenizer, check_weights, stored_tensors

    contents = check_contents(folder)
    with loading(folder):
        config = read_config(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder, padding_side=side, trust_remote_code=False)
        auto = maker(config)
        check_size(folder, auto, config, contents)
        model, found = auto.from_pretrained(
            folder, dtype=dtype, trust_remote_code=False, output_loading_info=True, **options
        )
        check_keys(folder, model, found, used)
        check_stored(folder, model, contents)
        check_weights(folder, model.named_parameters())
        if options.get("quantization_config"):  # of which only the files still have the numbers
            check_weights(folder, stored_tensors(path for path in contents.files if contents.tensors))
        check_tokenizer(folder, model, tokenizer)
    return model.eval(), tokenizer


def read_config(folder: str | Path) -> Any:
    """A folder's config. Raises ValueError where `architectures` names a class of another model type."""
    import transformers

    config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False)
    for name in config.architectures or []:
        kind = getattr(getattr(transformers, name, None), "config_class", None)
        if kind is not None and kind.model_type != config.model_type:
            raise ValueError(f"its config is of the type '{config.model_type}', but its weights are of a {name}")
    return config


def check_size(folder: str | Path, auto: Any, config: Any, contents: Contents) -> None:
    """Raises ValueError for a config that describes a much larger model than the files hold, before it takes memory."""
    import torch
    from transformers import initialization

    with torch.device("meta"), initialization.no_init_weights():
        empty = auto.from_config(config)
    tensors = {id(one): one.numel() for one in (*empty.parameters(), *empty.buffers())}
    if sum(tensors.values()) > 8 * contents.elements + SPARE:
        raise ValueError(
            f"its config describes {sum(tensors.values()):,} numbers, but its files hold {contents.elements:,}"
        )


@contextmanager
def loading(folder: str | Path) -> Iterator[None]:
    """Whatever a library raises in this context about a model folder becomes a ValueError of one line."""
    try:
        yield
    except BaseException as error:
        # A panic of a tokenizer in Rust is not an Exception. A GPU without memory is not the folder's fault.
        ours = isinstance(error, Exception) or type(error).__name__ == "PanicException"
        if not ours or type(error).__name__ == "OutOfMemoryError":
            raise
        what = " ".join(str(error).split())
        if isinstance(error, ValueError) and what.startswith(str(folder)):
            raise ValueError(what) from None
        what = what or type(error).__name__
        raise ValueError(f"{folder}: the model cannot be loaded ({what[:300]}); make it again") from None


def torch_dtype(name: str) -> Any:
    """`float32`, `bfloat16`, or `auto`: bfloat16 on a GPU, float32 on a CPU, so that all CPUs give the same numbers."""
    import torch

    if name == "auto":
        return torch.bfloat16 if torch.cuda.is_available() else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[name]


def computes_bfloat16() -> bool:
    """Whether there is a GPU, or a CPU with instructions for it; others emulate it, ten times slower than float32."""
    import torch

    cpu = torch.cpu.get_capabilities()
    return torch.cuda.is_available() or any(cpu.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
