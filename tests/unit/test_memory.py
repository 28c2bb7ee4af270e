"""What trainings and caches take of a GPU, by hand and against what real models hold."""

import json

import pytest
import torch
from planned import LLAMA_7B, models, study
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from vernacular.planning import live, memory
from vernacular.planning.sizes import cache_bytes_a_token, load_sizes, parameters


def test_shards_need_less_memory() -> None:
    needed = {
        how: memory.training_memory(study(whole={"launch": {"processes": 4, "strategy": how}}), "whole")
        for how in ("ddp", "zero2", "zero3", "fsdp2")
    }
    weights = 4 * parameters(LLAMA_7B)
    assert needed["ddp"].peak - needed["zero2"].peak == pytest.approx(3 * weights * 3 / 4)  # gradients, two moments
    gathered = 2 * weights / LLAMA_7B["num_hidden_layers"]
    assert needed["zero2"].peak - needed["zero3"].peak == pytest.approx(weights * 3 / 4 - gathered)
    assert needed["fsdp2"] == needed["zero3"]
    assert needed["ddp"].peak > 4 * weights  # weights, gradients, two moments
    four = memory.training_memory(study(lora={"load_in_4bit": True}), "lora")
    assert four.peak < memory.training_memory(study(), "lora").peak - parameters(LLAMA_7B)


def test_the_rollouts_cache_is_that_of_a_whole_generation_batch() -> None:
    """TRL without vLLM makes it in one call; vLLM takes its share, and gives it back where it sleeps."""
    training = {**models()["grpo"]["training"], "use_vllm": False, "steps_per_generation": 64}
    plain = memory.training_memory(study(grpo={"training": training}), "grpo")
    assert plain.cache == 8 * 64 * (200 + 1000) * 2 * 32 * 32 * 128 * 2 and plain.engine == 0
    assert plain.peak == plain.weights + plain.optimizer + plain.cache
    training |= {"use_vllm": True, "vllm_gpu_memory_utilization": 0.25}
    by_vllm = memory.training_memory(study(grpo={"training": training}), "grpo")
    assert by_vllm.cache == 0 and by_vllm.engine == 0.25 * 80e9
    training["vllm_enable_sleep_mode"] = True
    asleep = memory.training_memory(study(grpo={"training": training}), "grpo")
    assert asleep.peak < by_vllm.peak and asleep.parts == by_vllm.parts
    shared = {"whole": memory.training_memory(study(), "whole"), "plain": plain}
    assert shared["plain"].weights < shared["whole"].weights  # two bytes, and adapters


def test_adapters_that_peft_refuses_are_one_line_with_the_model() -> None:
    lora = {"r": 8, "target_modules": ["q_prok"]}
    with pytest.raises(ValueError, match=r"^models\.lora\.lora: Target modules .*q_prok.* not found"):
        memory.training_memory(study(lora={"lora": lora}), "lora")


@pytest.mark.parametrize("kind", ["llama", "qwen3"])
def test_counted_activations_are_those_of_a_real_pass(kind: str) -> None:
    """What a real model of 6 layers holds for its backward pass, by autograd's own hooks, on the CPU; the peak is more
    by what the backward pass allocates itself. Layers beyond the fourth are extrapolated."""
    shape = {"model_type": kind, "vocab_size": 99, "hidden_size": 64, "intermediate_size": 160, "num_hidden_layers": 6}
    shape |= {"num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16, "tie_word_embeddings": False}
    config = AutoConfig.for_model(**shape)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").train()
    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    held: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.untyped_storage().data_ptr() not in weights:
            held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        states = model.base_model(input_ids=torch.ones(3, 128, dtype=torch.long), use_cache=False).last_hidden_state
    assert states.shape == (3, 128, 64)
    counted = live.activation_bytes(shape, live.Batch(3, 128, "all", 4, False, False))
    assert sum(held.values()) < counted < 1.25 * sum(held.values())
    assert live.activation_bytes(shape, live.Batch(6, 128, "all", 4, False, False)) == pytest.approx(
        2 * counted, rel=0.05
    )


def test_checkpoints_hold_a_layers_input_each() -> None:
    """And one layer in full; adapters hold no copies of the weights."""
    batch = live.Batch(8, 512, "lora", 2, True, True, json.dumps({"r": 8, "target_modules": "all-linear"}))
    spared, whole = (live.activation_bytes(LLAMA_7B, batch._replace(checkpoints=on)) for on in (True, False))
    tokens = 8 * 512
    inputs = 2 * tokens * 4096 * 32
    assert inputs < spared < 2.5 * inputs and whole > 5 * spared


def test_trls_output_layer_makes_logits_in_tiles() -> None:
    from trl.kernels.chunked_logprob import TOKEN_CHUNK_SIZE
    from trl.trainer.utils import _CHUNKED_LOGPROB_CHUNK_SIZE

    assert memory.TILE == TOKEN_CHUNK_SIZE * _CHUNKED_LOGPROB_CHUNK_SIZE * 2
    # Ours makes them whole: at least logits and log-softmax in float32, in bfloat16 as well under autocast.
    assert 8 < live.head_bytes(1000, 64, 5000, False, True) / (1000 * 5000) < 20


def test_memory_of_keys_and_values() -> None:
    qwen = load_sizes()["models"]["Qwen/Qwen3-4B"]["shape"]
    assert cache_bytes_a_token(LLAMA_7B, 2) == 2 * 32 * 32 * 128 * 2
    assert cache_bytes_a_token(qwen, 2) == 2 * 36 * 8 * 128 * 2
    assert cache_bytes_a_token({"text_config": qwen}, 2) == cache_bytes_a_token(qwen, 2)
    with pytest.raises(ValueError, match="none of num_hidden_layers, .* cannot be counted"):
        cache_bytes_a_token({"hidden_size": 8, "num_attention_heads": 2}, 2)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "mt5", "gpt2"])
def test_a_real_cache_is_as_large(kind: str) -> None:
    """Keys and values of 5 tokens, as Transformers keeps them of a model of each architecture."""
    small = {
        "mt5": {"d_model": 24, "d_kv": 10, "d_ff": 32, "num_layers": 1, "num_decoder_layers": 3, "num_heads": 2},
        "gpt2": {"n_embd": 24, "n_layer": 3, "n_head": 4},
    }
    usual = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4}
    shape = {"model_type": kind, "vocab_size": 50, **small.get(kind, {**usual, "num_key_value_heads": 2})}
    shape |= {"head_dim": 10} if kind == "qwen3" else {}
    config = AutoConfig.for_model(**shape)
    encoded = config.is_encoder_decoder
    model = (AutoModelForSeq2SeqLM if encoded else AutoModelForCausalLM).from_config(config)
    tokens = torch.ones(1, 5, dtype=torch.long)
    output = model(tokens, **({"decoder_input_ids": tokens} if encoded else {}), use_cache=True)
    cache = output.past_key_values.self_attention_cache if encoded else output.past_key_values
    held = sum(layer.keys.nbytes + layer.values.nbytes for layer in cache.layers)
    assert held == 5 * cache_bytes_a_token(shape, 4)
