"""Whether a loaded model is sound: all of its weights are there and finite, and it can be asked something."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open

from vernacular.models.contents import FLOATS, Contents

TRIAL = "1 + 1 = 2"  # what a loaded model is asked once
TOKENS = 8  # of it, at the most
EMPTY = 2  # an embedding has at most so many times the tokens of the tokenizer (our choice; hubs round up to 32,768)


def check_keys(folder: str | Path, model: Any, found: dict[str, Any], used: Callable[[str], bool]) -> None:
    """Raises ValueError for tensors that are missing (Transformers draws them by chance), unexpected or misshapen.

    found: Transformers' loading info, without what the model's class says is tied or outdated.
    """
    shapes = [f"'{name}' is {tuple(there)}, not {tuple(here)}" for name, there, here in found["mismatched_keys"]]
    for what, names in (
        ("its weights lack", sorted(filter(used, found["missing_keys"]))),
        ("its weights hold, but its config does not name,", sorted(filter(used, found["unexpected_keys"]))),
        ("of its weights,", sorted(shapes)),
        ("", [str(error) for error in found["error_msgs"]]),
    ):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            kind = type(model).__name__
            raise ValueError(
                f"{folder}: not a whole {kind}: {what} {names[0]}{more}; make it again, or fix config.json"
            )


def check_stored(folder: str | Path, model: Any, contents: Contents) -> None:
    """Raises ValueError for a parameter whose stored numbers are not floating-point ones, in a model that names no
    quantisation: they would be taken as they are, without a scale."""
    if contents.config.get("quantization_config"):
        return
    prefix = f"{getattr(model, 'base_model_prefix', '')}."
    names = {name for name, _ in model.named_parameters()}
    names |= {name.removeprefix(prefix) for name in names} | {f"{prefix}{name}" for name in names}
    for name, tensor in contents.tensors.items():
        if tensor.dtype not in FLOATS and name in names:
            raise ValueError(
                f"{folder}: the weights '{name}' are stored as {tensor.dtype}, and config.json names no quantisation; "
                "take the model in a floating-point type"
            )


def check_weights(folder: str | Path, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
    """Raises ValueError for a tensor that holds NaN or an infinite number."""
    for name, tensor in tensors:
        if is_broken(tensor.detach()):
            raise ValueError(f"{folder}: the weights '{name}' hold NaN or infinite numbers; make the model again")


def is_broken(tensor: torch.Tensor) -> bool:
    """Whether a tensor holds NaN or an infinite number.

    A sum shows both and reads each number once; only where it is not finite (it may overflow) are they looked at.
    """
    if not tensor.is_floating_point() or tensor.is_meta or tensor.sum(dtype=torch.float32).isfinite():
        return False
    return not bool(tensor.isfinite().all())


def check_tokenizer(folder: str | Path, model: Any, tokenizer: Any) -> None:
    """Raises ValueError for a tokenizer with tokens that the model has no embedding for, or far too few, or that does
    not say where a text ends.

    A special token without an embedding is allowed: Gemma 3's text models share the tokenizer of those that see, whose
    last token is for images.
    """
    rows, tokens = model.get_input_embeddings().weight.shape[0], len(tokenizer)
    beyond = range(rows, tokens)
    special = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    if not special.issuperset(beyond) or EMPTY * tokens < rows:
        raise ValueError(
            f"{folder}: the tokenizer has {tokens:,} tokens, but the model has embeddings for {rows:,}; "
            "it is not this model's tokenizer"
        )
    if not isinstance(tokenizer.model_max_length, int | float) or tokenizer.model_max_length < 1:
        raise ValueError(f"{folder}: tokenizer_config.json: model_max_length is {tokenizer.model_max_length!r}")
    ids = trial(tokenizer)
    if not ids or max(ids) >= rows or set(ids) <= {tokenizer.unk_token_id}:
        raise ValueError(f"{folder}: the tokenizer reads nothing in '{TRIAL}'; it is not this model's tokenizer")


def stored_tensors(files: Iterable[Path]) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors of safetensors files, one at a time."""
    for path in files:
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 (not a mapping)
                yield name, file.get_tensor(name)


def trial(tokenizer: Any) -> list[int]:
    ids: list[int] = tokenizer(TRIAL)["input_ids"][:TOKENS]
    return ids


def check_causal(folder: str | Path, model: Any, tokenizer: Any) -> None:
    """Ask a causal LM for a token. Raises ValueError if it cannot answer: its config does not fit its weights, its
    context is not a number, nothing ends its text, or what it computes is not finite."""
    context = getattr(model.config, "max_position_embeddings", tokenizer.model_max_length)
    if not isinstance(context, int | float) or isinstance(context, bool) or context < 2:
        raise ValueError(f"{folder}: config.json: max_position_embeddings is {context!r}; make the model again")
    settings = model.generation_config
    check_ends(folder, model, tokenizer)
    # Samples and beams are the evaluation's: `generate` would multiply every prompt by these.
    for name in ("num_beams", "num_return_sequences"):
        if getattr(settings, name, None) not in (None, 1):
            setattr(settings, name, 1)
    ids = torch.tensor([trial(tokenizer)], device=model.device)
    out = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=1,
        do_sample=False,
        pad_token_id=tokenizer.pad_token_id,
        return_dict_in_generate=True,
        output_logits=True,
    )
    check_numbers(folder, out.logits[0])


def end_tokens(configuration: Any, tokenizer: Any) -> list[int]:
    """Hub models may stop at several tokens; their generation configuration names them."""
    ends = configuration.eos_token_id
    ends = tokenizer.eos_token_id if ends is None else ends
    return ends if isinstance(ends, list) else [ends]


def check_ends(folder: str | Path, model: Any, tokenizer: Any) -> None:
    """Raises ValueError unless there is a token that ends a text, known to the model; so for the token that pads."""
    rows = model.get_input_embeddings().weight.shape[0]
    for token in [tokenizer.pad_token_id, *end_tokens(model.generation_config, tokenizer)]:
        if type(token) is not int or not 0 <= token < rows:
            what = f"the token that ends or pads a text is {token!r}, which the model does not have"
            raise ValueError(f"{folder}: {what}; fix it")


def check_numbers(folder: str | Path, numbers: torch.Tensor) -> None:
    if not numbers.isfinite().all():
        raise ValueError(f"{folder}: what the model computes is not finite; its config does not fit its weights")
