"""How large a study's models are, counted on the meta device: no weight is made, nothing is fetched."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from vernacular.language.languages import ENGLISH
from vernacular.storage.messages import nearest
from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import read_yaml
from vernacular.study.graph import Graph, lineage

SIZES = resource("sizes.yaml")


@cache
def load_sizes() -> dict[str, Any]:
    return read_yaml(SIZES)


def shape_of(models: Graph, name: str) -> dict[str, Any]:
    """The keys of a model's Transformers config: its own, or those of the parent whose weights it has.

    Raises ValueError for a hub model whose shape resources/sizes.yaml lacks, a folder without a config.json, and a GGUF
    file.
    """
    start = models[name].parts.get("llm", name)
    chain = [start, *lineage(models, start)]
    name = next(other for other in chain if {"architecture", "repo", "path", "gguf"} & models[other].options.keys())
    options = models[name].options
    if "architecture" in options:
        return {**options["architecture"], "vocab_size": options["vocabulary"]}
    if "path" in options:
        file = Path(options["path"]) / "config.json"
        if not file.exists():
            raise ValueError(f"models.{name}.path: {file} is not there, so the model's size is unknown")
        return json.loads(file.read_text(encoding="utf-8"))
    if "repo" not in options:
        raise ValueError(
            f"models.{name}.gguf: how large a model is cannot be told from its GGUF file; once the workflow has made a "
            f"folder of it (results/STUDY/seed-1/models/{name}), name that as `path`"
        )
    known = load_sizes()["models"]
    if options["repo"] not in known:
        raise ValueError(
            f"models.{name}.repo: resources/sizes.yaml has no shape of '{options['repo']}'; add it from its "
            f"config.json ({nearest(options['repo'], known)})"
        )
    return known[options["repo"]]["shape"]


def meta_model(shape: dict[str, Any], encoder: bool = False) -> Any:
    return built(json.dumps(shape, sort_keys=True), encoder)


@cache
def built(shape: str, encoder: bool) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

    options = json.loads(shape)
    config = AutoConfig.for_model(options.pop("model_type"), **options)
    kind = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    with torch.device("meta"):
        model = kind.from_config(config)
    return model.get_encoder() if encoder else model


def parameters(shape: dict[str, Any], encoder: bool = False) -> int:
    """Of a whole model, or of an encoder-decoder's encoder alone; tied weights count once."""
    return sum(parameter.numel() for parameter in meta_model(shape, encoder).parameters())


def trained_parameters(models: Graph, name: str) -> int:
    """How many a recipe trains: all, LoRA's, SLAM's matrices (a quarter of the layers where `auto` will choose), or a
    merge's connector."""
    from torch import nn

    if models[name].parts:
        return connector_parameters(models, name)
    recipe, shape = models[name].options, shape_of(models, name)
    model = meta_model(shape)
    if recipe.get("lora"):
        wanted, head = recipe["lora"].get("target_modules", "all-linear"), model.get_output_embeddings()
        matrices = [
            part
            for place, part in model.named_modules()
            if isinstance(part, nn.Linear)
            and part is not head
            and (wanted == "all-linear" or place.rsplit(".", 1)[-1] in wanted)
        ]
        return sum(recipe["lora"].get("r", 8) * (part.in_features + part.out_features) for part in matrices)
    if recipe["recipe"] == "slam":
        from vernacular.slam.mlp import decoder_mlps

        blocks = decoder_mlps(model)
        layers = recipe["layers"]
        count = len(layers) if isinstance(layers, list) else layers.get("count") or max(len(blocks) // 4, 1)
        tuned = [blocks[0].up, blocks[0].down, *([blocks[0].gate] if recipe["gate_proj"] else [])]
        return count * sum(part.get_parameter("weight").numel() for part in tuned if part is not None)
    return parameters(shape)


def connector_parameters(models: Graph, name: str) -> int:
    import torch

    from vernacular.merge.model import Connector

    recipe, parts = models[name].options, models[name].parts
    encoder, llm = (meta_model(shape_of(models, parts[part])) for part in ("encoder", "llm"))
    # The mapping's stage has neither gate nor language embedding. How many languages there are hardly counts.
    options = {"gate": recipe.get("gate", "none"), "language_embedding": recipe.get("language_embedding", 0)}
    options["mapping_width"] = {**models[recipe["from"]].options, **recipe}.get("mapping_width", 0)
    with torch.device("meta"):
        connector = Connector(
            encoder.get_input_embeddings().embedding_dim,
            llm.get_input_embeddings().embedding_dim,
            {**options, "languages": [ENGLISH] * 10},
        )
    return sum(parameter.numel() for parameter in connector.parameters())


# A config's names for a thing; the first that is there counts.
LAYERS = ("num_hidden_layers", "num_decoder_layers", "n_layer")
HEADS = ("num_attention_heads", "num_heads", "n_head")
WIDTH = ("hidden_size", "d_model", "n_embd")


def cache_bytes_a_token(shape: dict[str, Any], width: int) -> int:
    """Bytes of the keys and values that a decoder keeps of one token: 2 x layers x key-value heads x head's dimension
    x `width` bytes a number. Every layer counts as one of full attention.

    shape: keys of a Transformers config, as in its config.json. Imports no torch: studies are compiled with it.
    Raises ValueError where the config names no layers or heads.
    """
    shape = shape.get("text_config", shape)

    def first(names: tuple[str, ...]) -> int:
        found = next((shape[name] for name in names if shape.get(name)), None)
        if found is None:
            raise ValueError(f"a model's config has none of {', '.join(names)}, so its cache cannot be counted")
        return found

    heads = shape.get("num_key_value_heads") or first(HEADS)
    head = shape.get("head_dim") or shape.get("d_kv") or first(WIDTH) // first(HEADS)
    return 2 * first(LAYERS) * heads * head * width
