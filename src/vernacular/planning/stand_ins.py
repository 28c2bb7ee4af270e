"""Folders that stand in for models that are not there: their shapes with random weights."""

from pathlib import Path
from typing import Any

from vernacular.planning.sizes import shape_of
from vernacular.storage.files import write_text
from vernacular.storage.resources import resource
from vernacular.study.compile import Study

TEMPLATES = resource("chat_templates")
ENDS = ("<unk>", "<s>", "</s>", "<pad>")


def stand_in(study: Study, name: str, folder: Path) -> None:
    """A folder like that which would be fetched: the model's shape with random weights; its tokenizer where it was
    downloaded, else one of bytes."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    options = study.models[name].options
    shape = dict(shape_of(study.models, name))
    config = AutoConfig.for_model(shape.pop("model_type"), **shape)
    tokenizer = own_tokenizer(study, name) or byte_tokenizer()
    kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with torch.device(device):
        model = kind.from_config(config, dtype=torch.bfloat16 if device == "cuda" else torch.float32)
    if len(tokenizer) > config.vocab_size:
        raise ValueError(f"{name}: its tokenizer has {len(tokenizer)} tokens, its weights only {config.vocab_size}")
    for place in (model.config, model.generation_config):
        place.eos_token_id, place.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
        place.bos_token_id = tokenizer.bos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    if options.get("chat_template"):
        template = (TEMPLATES / f"{options['chat_template']}.jinja").read_text(encoding="utf-8")
        write_text(folder / "chat_template.jinja", template)


def own_tokenizer(study: Study, name: str) -> Any:
    """Of the folder that a recipe names or that was downloaded; None where there is none yet."""
    from transformers import AutoTokenizer

    folder = Path(study.models[name].options.get("path") or study.paths.download(f"models/{name}"))
    if not (folder / "tokenizer_config.json").exists():
        return None
    return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)


def byte_tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = [*ENDS, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    bytes_alone = Tokenizer(models.BPE(vocab={token: place for place, token in enumerate(alphabet)}, merges=[]))
    bytes_alone.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_alone.decoder = decoders.ByteLevel()
    unknown, start, end, pad = ENDS
    names = {"unk_token": unknown, "bos_token": start, "eos_token": end, "pad_token": pad}
    return PreTrainedTokenizerFast(tokenizer_object=bytes_alone, **names)
