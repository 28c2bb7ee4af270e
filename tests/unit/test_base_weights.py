"""The weights under adapters after TRL's way of giving vLLM the merged model: merge, and take out again."""

import peft
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from vernacular.adamame.grpo import base_weights, restore

ROUNDS = 20


def adapted() -> peft.PeftModel:
    torch.manual_seed(0)
    size = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=64, **size)).to(torch.bfloat16)
    return peft.get_peft_model(model, peft.LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear"))


def whole(model: peft.PeftModel) -> dict[str, torch.Tensor]:
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


def rounds(model: peft.PeftModel, keep: bool) -> None:
    """Rollouts with merged adapters, and between them updates of the adapters alone."""
    kept = base_weights(model)
    for _ in range(ROUNDS):
        model.merge_adapter()
        model.unmerge_adapter()
        if keep:
            restore(kept)
        with torch.no_grad():
            for name, weight in model.named_parameters():
                if "lora_" in name:
                    weight += 0.01 * torch.randn_like(weight)


def test_the_weights_stay_what_they_were() -> None:
    model = adapted()
    before = whole(model)
    rounds(model, keep=True)
    after = whole(model)
    assert before.keys() == after.keys()
    for name, weight in after.items():
        assert torch.equal(weight, before[name]) != ("lora_" in name), name


def test_without_it_they_move() -> None:
    """If this fails, PEFT has learnt it, and `restore` can go."""
    model = adapted()
    before = whole(model)
    rounds(model, keep=False)
    moved = [name for name, weight in whole(model).items() if not torch.equal(weight, before[name])]
    assert any("base_layer" in name for name in moved)


def test_what_is_kept_is_a_copy_in_main_memory_of_adapted_layers_alone() -> None:
    model = adapted()
    kept = base_weights(model)
    assert len(kept) == 2 * 7 and all(one.saved.device.type == "cpu" for one in kept)
    for one in kept:
        assert one.saved.data_ptr() != one.weight.data_ptr() and torch.equal(one.saved, one.weight)
    # Where merging puts another parameter into a layer, as for weights of four bits, the old one comes back.
    kept[0].layer.weight = torch.nn.Parameter(torch.zeros_like(kept[0].weight), requires_grad=False)
    restore(kept)
    assert kept[0].layer.weight is kept[0].weight and torch.equal(kept[0].layer.weight, kept[0].saved)
