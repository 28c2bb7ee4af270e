"""What fuzzing does with model folders: a sound one is changed at random (model_folders.py) and loaded as jobs load it.

Either that ends in one line that names the folder, or the folder is as good as before; no pickle does anything, no
template takes more than its time.
"""

import random
import resource
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import torch
import transformers
from model_folders import BASES, CAUSAL, MUTATIONS, TEMPLATES
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM
from wrong_weights import PLANTED

from vernacular.models.chats import chat_texts
from vernacular.models.encoder import load_encoder, load_translator
from vernacular.models.folders import load_model
from vernacular.models.pretrain import train_tokenizer
from vernacular.storage.files import link_or_copy

SMALL = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
MORE: dict[str, dict[str, Any]] = {
    "llama": {**SMALL, "num_key_value_heads": 1, "max_position_embeddings": 64},
    "qwen3": {**SMALL, "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 64},
    "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 64},
    "t5": {"d_model": 12, "d_kv": 6, "d_ff": 24, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0},
    "xlm-roberta": {**SMALL, "max_position_embeddings": 64},
}
TALK = [{"role": "user", "content": "Combien font 1 + 1 ? Donne le nombre."}]


@cache
def sound() -> tempfile.TemporaryDirectory:
    """A sound folder of each of BASES, and room for changed ones."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    root = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    tokenizer = train_tokenizer(["Combien font 1 + 1 ? How many are 1 + 1?"] * 3, 300)
    marks = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    for base in BASES:
        config = AutoConfig.for_model(base, vocab_size=len(tokenizer), tie_word_embeddings=False, **marks, **MORE[base])
        torch.manual_seed(1)
        if base == "xlm-roberta":
            model: Any = AutoModel.from_config(config, add_pooling_layer=False)
        else:
            model = (AutoModelForSeq2SeqLM if base == "t5" else AutoModelForCausalLM).from_config(config)
        folder = Path(root.name) / base
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return root


def load(base: str, folder: Path, asks: bool) -> None:
    """As jobs do: load, and put a question to a causal LM."""
    if base in CAUSAL:
        _, tokenizer = load_model(folder, "float32", "cpu")
        if asks:
            assert TALK[0]["content"] in chat_texts(tokenizer, [TALK], opening=True)[0]
    elif base == "t5":
        load_translator(folder, "float32")
    else:
        load_encoder(folder, torch.float32)


def try_folder(base: str, name: str, rng: random.Random, text: str, place: Path) -> str | None:
    """The line that a changed folder of `base` is refused with; None if it is taken.

    Fails where it is taken though it must not be, where it says more than a line or does not name the folder, and where
    a pickle was executed.
    """
    folder = place / "model"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(Path(sound().name) / base, folder, copy_function=link_or_copy)
    must_be_refused = {**MUTATIONS, **TEMPLATES}[name](rng, folder, text)
    try:
        load(base, folder, asks=name in TEMPLATES or rng.random() < 0.5)
    except ValueError as error:
        assert str(folder) in str(error) and "\n" not in str(error), error
        return str(error)
    finally:
        assert not (place / PLANTED).exists(), "a pickle was executed"
    assert not must_be_refused, f"{base}: {name}: taken"
    return None


def model_folders(rng: random.Random, text: str) -> None:
    base = rng.choice(BASES)
    name = rng.choice([*MUTATIONS, *(TEMPLATES if base in CAUSAL else ())])
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    place = Path(sound().name) / "changed"
    place.mkdir(exist_ok=True)
    try_folder(base, name, rng, text[:10_000], place)
    taken = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    assert taken < 2.5, f"a template took {taken:.1f} s"
