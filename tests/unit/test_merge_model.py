"""Merges: what the LLM reads, worked out by hand for one example; padding, gates, and what a folder holds."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from merges import (
    CLOSE,
    ENCODERS,
    EXAMPLES,
    LLMS,
    WITH_BOS,
    batch_of,
    by_hand,
    example,
    greedy_by_hand,
    logits_of,
    loss_by_hand,
    prompts_of,
)
from safetensors.torch import load_file, save_file

from vernacular.merge.gates import KINDS, build_gate
from vernacular.merge.model import MergedModel, build_merge
from vernacular.merge.saved import CONFIG, CONNECTOR

PAIRS = [(encoder, "llama") for encoder in ENCODERS] + [("t5", llm) for llm in LLMS if llm != "llama"]


@pytest.mark.parametrize(("encoder", "llm"), PAIRS)
@pytest.mark.parametrize(
    ("gate", "embedding"), [("cross-attention", 4), ("vector", 4), ("attention-bias", 4), ("none", 0)]
)
def test_a_batch_of_any_parents_is_what_each_example_is_by_hand(
    build: Callable[..., MergedModel], encoder: str, llm: str, gate: str, embedding: int
) -> None:
    """Loss, logits, gates and greedy continuation of examples of many lengths, among them the shortest possible."""
    model = build(gate, encoder, llm, embedding)
    assert (model.tokenizer.bos_token_id is not None) == (llm in WITH_BOS)
    torch.testing.assert_close(model(**batch_of(model, EXAMPLES)), loss_by_hand(model, EXAMPLES), **CLOSE)
    prompts = prompts_of(model, EXAMPLES)
    logits, weights = logits_of(model, **prompts), model.inputs(**prompts)[3]
    for row, one in enumerate(EXAMPLES):
        hand, gates = by_hand(model, {**one, "input_ids": one["input_ids"][: one["prompt"]]})
        torch.testing.assert_close(logits[row, -len(hand) :], hand, **CLOSE)  # padding is gathered on the left
        assert weights[row].tolist() == pytest.approx(gates, abs=1e-5)
    out = model.generate(**prompts, max_new_tokens=6, do_sample=False, eos_token_id=[1], pad_token_id=0)
    for row, one in enumerate(EXAMPLES):
        made = greedy_by_hand(model, one, 6)
        assert out[row, prompts["input_ids"].shape[1] :].tolist()[: len(made)] == made
        assert out[row, : one["prompt"]].tolist() == one["input_ids"][: one["prompt"]]


EVERY = [("fixed", 0), ("sigmoid", 0), ("sigmoid", 4), ("cross-attention", 0), ("vector", 0), ("attention-bias", 0)]


@pytest.mark.parametrize(("gate", "embedding"), EVERY)
def test_every_gate_is_its_equation(build: Callable[..., MergedModel], gate: str, embedding: int) -> None:
    model = build(gate, embedding=embedding)
    weights = model.inputs(**prompts_of(model, EXAMPLES))[3]
    for row, one in enumerate(EXAMPLES):
        assert weights[row].tolist() == pytest.approx(by_hand(model, one)[1], abs=1e-5)
    assert (weights.std(0) > 1e-3).tolist() == [gate != "fixed"] * 2
    torch.testing.assert_close(model(**batch_of(model, EXAMPLES)), loss_by_hand(model, EXAMPLES), **CLOSE)


LENGTHS = st.tuples(st.integers(1, 12), st.integers(1, 12), st.integers(1, 6), st.integers(-1, 2))


@settings(max_examples=25, deadline=None)
@given(st.lists(LENGTHS, min_size=1, max_size=5), st.booleans())
def test_padding_changes_nothing(
    build: Callable[..., MergedModel], lengths: list[tuple[int, int, int, int]], left: bool
) -> None:
    model = build("cross-attention", embedding=4)
    examples = [example(*sizes, n) for n, sizes in enumerate(lengths)]
    batch = batch_of(model, examples)
    if left:  # the side of generation: each of these rows is rolled until its padding stands in front
        width = batch["attention_mask"].shape[1]
        for name in ("input_ids", "attention_mask", "prompt_mask", "labels"):
            rows = [row.roll(width - len(e["input_ids"])) for row, e in zip(batch[name], examples, strict=True)]
            batch[name] = torch.stack(rows)
    with torch.inference_mode():
        alone = torch.stack([model(**batch_of(model, [one])) for one in examples])
        targets = torch.tensor([float(sizes[2]) for sizes in lengths])
        torch.testing.assert_close(model(**batch), (alone * targets).sum() / targets.sum(), **CLOSE)


def test_features_are_as_long_as_embeddings_however_large_the_mapping(build: Callable[..., MergedModel]) -> None:
    model = build("none")
    one = batch_of(model, EXAMPLES)
    before = model.features(one["encoder_input_ids"], one["encoder_attention_mask"])
    with torch.no_grad():
        model.connector.mapping[2].weight *= 50
        model.connector.mapping[2].bias *= 50
    after = model.features(one["encoder_input_ids"], one["encoder_attention_mask"])
    torch.testing.assert_close(after, before, **CLOSE)
    length = float(model.llm.get_input_embeddings().weight.norm(dim=1).mean())
    assert after.norm(dim=-1).flatten().tolist() == pytest.approx([length] * after[..., 0].numel(), rel=1e-4)


def test_the_beginning_is_marked_where_the_tokenizer_has_a_mark(build: Callable[..., MergedModel]) -> None:
    for llm in ("llama", "gpt_neox"):
        model = build("none", llm=llm)
        (one,) = EXAMPLES[:1]
        embeddings, mask, place, _ = model.inputs(**prompts_of(model, [one]))
        marked = llm in WITH_BOS
        assert embeddings.shape[1] == int(mask.sum()) == marked + 9 + 1 + 12
        assert place[0].tolist() == list(range(marked + 10, marked + 22))
        table = model.llm.get_input_embeddings().weight
        begins = torch.equal(embeddings[0, 0], table[model.tokenizer.eos_token_id])  # `<|end|>` is both marks here
        assert begins == marked
        assert torch.equal(embeddings[0, -13], model.connector.boundary)


@pytest.mark.parametrize("gate", ["none", "cross-attention"])
def test_a_prompt_that_begins_with_the_mark_too_is_read_with_one(build: Callable[..., MergedModel], gate: str) -> None:
    """MindMerger's prompts have none; a chat template puts one there."""
    model = build(gate, embedding=4 if gate != "none" else 0, llm="gpt_neox")
    mark = model.tokenizer.bos_token_id
    doubled = [{**one, "input_ids": [mark, *one["input_ids"]], "prompt": one["prompt"] + 1} for one in EXAMPLES]
    for examples, others in ((doubled, EXAMPLES), (doubled[:1], EXAMPLES[:1])):
        torch.testing.assert_close(model(**batch_of(model, examples)), model(**batch_of(model, others)), **CLOSE)
        ends = [logits_of(model, **prompts_of(model, some))[:, -1] for some in (examples, others)]
        torch.testing.assert_close(*ends, **CLOSE)


# --- Gates ------------------------------------------------------------------------------------------------------------


def test_a_fixed_weight_without_a_gate_is_that_of_a_fixed_gate(build: Callable[..., MergedModel]) -> None:
    plain, light, fixed = build("none"), build("none", encoder_weight=0.5), build("fixed")
    for model in (light, fixed):
        model.connector.load_state_dict(plain.connector.state_dict(), strict=False)
    weights = torch.tensor([-0.5493061, 0.0])  # 1 + tanh of it is 0.5, and 1
    fixed.connector.gate.weights.data.copy_(weights)  # type: ignore[union-attr, operator]
    prompts, batch = prompts_of(plain, EXAMPLES), batch_of(plain, EXAMPLES)
    torch.testing.assert_close(logits_of(light, **prompts), logits_of(fixed, **prompts), **CLOSE)
    torch.testing.assert_close(light(**batch), loss_by_hand(fixed, EXAMPLES), **CLOSE)
    assert light.inputs(**prompts)[3].tolist() == [[0.5, 1.0]] * len(EXAMPLES)
    assert not torch.allclose(logits_of(light, **prompts), logits_of(plain, **prompts), atol=1e-3)


@pytest.mark.parametrize(
    ("gate", "embedding"), [("cross-attention", 4), ("cross-attention", 0), ("vector", 4), ("fixed", 0)]
)
@pytest.mark.parametrize("llm", ["llama", "gpt_neox"])
def test_a_fresh_gate_gives_mindmerger_to_the_bit(
    build: Callable[..., MergedModel], gate: str, embedding: int, llm: str
) -> None:
    plain, gated = build("none", llm=llm, fresh=True), build(gate, llm=llm, embedding=embedding, fresh=True)
    torch.nn.init.normal_(plain.connector.boundary)
    missing = gated.connector.load_state_dict(plain.connector.state_dict(), strict=False)
    assert not missing.unexpected_keys and all(name.startswith("gate.") for name in missing.missing_keys)
    for examples in (EXAMPLES[:1], EXAMPLES):
        prompts, batch = prompts_of(plain, examples), batch_of(plain, examples)
        assert torch.equal(logits_of(gated, **prompts), logits_of(plain, **prompts))
        assert torch.equal(gated(**batch), plain(**batch))
        assert torch.equal(gated.inputs(**prompts)[3], torch.ones(len(examples), 2))
    assert logits_of(plain, **prompts).std() > 0.1  # equal, but not because nothing tells


def test_a_gate_is_fine_in_low_precision_too(build: Callable[..., MergedModel]) -> None:
    model = build("cross-attention", embedding=4, fresh=True)
    torch.nn.init.constant_(model.connector.gate.out.bias, 1e-3)  # type: ignore[union-attr, arg-type]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        weights = model.inputs(**prompts_of(model, EXAMPLES))[3]
    torch.testing.assert_close(weights, torch.full((4, 2), 1.001), atol=1e-5, rtol=0.0)


def test_a_vector_gate_turns_what_a_scalar_only_lengthens(build: Callable[..., MergedModel]) -> None:
    """Its dimensions differ, so that a feature's direction changes, which a norm passes on; a scalar's is kept."""
    turned = {}
    for gate in ("cross-attention", "vector"):
        model = build(gate, embedding=4)
        prompts = prompts_of(model, EXAMPLES[:1])
        gated = model.inputs(**prompts)[0][0]
        model.clamped = {"encoder": 1.0, "llm": 1.0}
        plain = model.inputs(**prompts)[0][0]
        turned[gate] = 1 - torch.nn.functional.cosine_similarity(gated, plain, dim=1)
    assert turned["cross-attention"].abs().max() < 1e-6
    assert (turned["vector"] > 1e-3).tolist() == [True] * 9 + [False] + [True] * 12  # features, boundary, prompt


@pytest.mark.parametrize(("gate", "numbers"), [("vector", 2 * 16), ("attention-bias", 2)])
def test_a_saved_gate_is_loaded_and_weighs_as_before(
    build: Callable[..., MergedModel], tmp_path: Path, gate: str, numbers: int
) -> None:
    model = build(gate, embedding=4)
    model.save_pretrained(tmp_path / "merge")
    loaded = MergedModel.from_pretrained(tmp_path / "merge")
    assert load_file(tmp_path / "merge" / CONNECTOR)["gate.out.weight"].shape == (numbers, 16)
    prompts = prompts_of(model, EXAMPLES)
    assert torch.equal(logits_of(loaded, **prompts), logits_of(model, **prompts))


def test_a_bounded_gate_starts_at_one_half(build: Callable[..., MergedModel]) -> None:
    model = build("sigmoid", embedding=4, fresh=True)
    assert torch.equal(model.inputs(**prompts_of(model, EXAMPLES))[3], torch.full((4, 2), 0.5))


def gates_of(model: MergedModel) -> torch.Tensor:
    """(batch, 2, 1 or width): the gates of EXAMPLES' prompts, dimension by dimension."""
    given = prompts_of(model, EXAMPLES)
    features = model.features(given["encoder_input_ids"], given["encoder_attention_mask"])
    text = model.embed(given["input_ids"])
    return model.gates(features, given["encoder_attention_mask"], text, given["attention_mask"], given["language"])


@pytest.mark.parametrize(
    "gate", ["cross-attention", "vector", "attention-bias", "fixed", "sigmoid", "none", "prefix-only"]
)
def test_a_step_moves_the_connector_and_no_parent(build: Callable[..., MergedModel], gate: str) -> None:
    model = build(gate, embedding=4, fresh=True).train()
    names = {f"connector.{name}" for name, _ in model.connector.named_parameters()}
    assert {name for name, parameter in model.named_parameters() if parameter.requires_grad} == names
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    weights = gates_of(model).detach()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(2):  # a gate's last layer is zero at first: what is below it moves with the second step
        optimizer.zero_grad()
        model(**batch_of(model, EXAMPLES)).backward()
        optimizer.step()
    moved = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert moved == names and {name for name, p in model.named_parameters() if p.grad is not None} == names
    change = (gates_of(model) - weights).abs().mean(-1).min()
    assert change > 1e-3 if gate not in ("none", "prefix-only") else change == 0


def test_frozen_parents_drop_nothing_out(build: Callable[..., MergedModel]) -> None:
    model = build("none").train()
    assert model.training and model.connector.training and model.encoder.config.dropout_rate > 0
    assert not any(part.training for parent in (model.encoder, model.llm) for part in parent.modules())
    assert torch.equal(model(**batch_of(model, EXAMPLES)), model.eval()(**batch_of(model, EXAMPLES)))


def test_a_gate_never_sees_the_target(build: Callable[..., MergedModel]) -> None:
    model = build("cross-attention", embedding=4)
    changed = [{**one, "input_ids": one["input_ids"][: one["prompt"]] + [7, 8, 9]} for one in EXAMPLES]
    first, second = ({k: v for k, v in batch_of(model, e).items() if k != "labels"} for e in (EXAMPLES, changed))
    torch.testing.assert_close(model.inputs(**first)[3], model.inputs(**second)[3], **CLOSE)


def test_an_unknown_gate_is_named() -> None:
    with pytest.raises(ValueError, match="'crossattention' is not a gate; choose from: none, fixed, cross-attention"):
        build_gate("crossattention", 16, 3, 4)
    assert [build_gate(kind, 16, 3, 4) is None for kind in KINDS] == [True, False, False, False, False, False, True]


# --- Folders ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def tree(parents: Path, tmp_path: Path, build: Callable[..., MergedModel]) -> tuple[Path, MergedModel]:
    """(a folder with an encoder, an LLM and their merge, the merge)."""
    models = tmp_path / "study" / "models"
    for name, kind in (("translator", "t5"), ("reasoner", "llama")):
        shutil.copytree(parents / kind, models / name)
    folders = {"encoder": str(models / "translator"), "llm": str(models / "reasoner")}
    model = build("cross-attention", embedding=4, **folders)
    (models / "st-merge").mkdir()
    model.save_pretrained(models / "st-merge")
    return models, model


def test_a_saved_merge_answers_as_before_wherever_its_tree_stands(tree: tuple[Path, MergedModel]) -> None:
    models, model = tree
    moved = models.parents[1] / "elsewhere" / "deeper"
    moved.parent.mkdir()
    shutil.move(models, moved)
    again = MergedModel.from_pretrained(moved / "st-merge")
    assert again.options == {**model.options, "encoder": str(moved / "translator"), "llm": str(moved / "reasoner")}
    assert not again.training and again.state_dict().keys() == model.state_dict().keys()
    prompts = prompts_of(model, EXAMPLES)
    assert torch.equal(logits_of(again, **prompts), logits_of(model, **prompts))
    assert torch.equal(again.inputs(**prompts)[3], model.inputs(**prompts)[3])
    (moved.parent / "third").mkdir()
    again.save_pretrained(moved.parent / "third")  # one that was loaded can be saved elsewhere
    third = MergedModel.from_pretrained(moved.parent / "third")
    assert torch.equal(logits_of(third, **prompts), logits_of(model, **prompts))


def test_a_folder_and_a_checkpoint_hold_the_connector_alone(tree: tuple[Path, MergedModel]) -> None:
    models, model = tree
    assert sorted(path.name for path in (models / "st-merge").iterdir()) == sorted([CONFIG, CONNECTOR])
    saved = load_file(models / "st-merge" / CONNECTOR)
    assert saved.keys() == dict(model.connector.named_parameters()).keys()
    assert model.state_dict().keys() == {f"connector.{name}" for name in saved}
    assert all(torch.equal(model.state_dict()[f"connector.{name}"], tensor) for name, tensor in saved.items())
    assert str(models) not in (models / "st-merge" / CONFIG).read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "part"), [("translator", "encoder"), ("reasoner", "llm")])
def test_a_parent_that_changed_or_is_gone_is_named(tree: tuple[Path, MergedModel], name: str, part: str) -> None:
    models, _ = tree
    weights = load_file(models / name / "model.safetensors")
    last = sorted(weights)[-1]
    save_file({**weights, last: weights[last] + 1e-3}, models / name / "model.safetensors", {"format": "pt"})
    with pytest.raises(ValueError, match=f"st-merge: the connector was trained for another {part} than .*{name}") as e:
        MergedModel.from_pretrained(models / "st-merge")
    assert "\n" not in str(e.value)
    shutil.rmtree(models / name)
    with pytest.raises(ValueError, match=f"{CONFIG}: the {part} .*{name} does not exist; make it again") as e:
        MergedModel.from_pretrained(models / "st-merge")
    assert "\n" not in str(e.value)


def test_a_connector_of_another_width_is_refused(tree: tuple[Path, MergedModel], parents: Path) -> None:
    models, model = tree
    narrow = build_merge({**model.options, "llm": str(parents / "narrow")})
    before = {name: tensor.clone() for name, tensor in narrow.connector.state_dict().items()}
    with pytest.raises(ValueError, match=r"st-merge: '.*' of the connector is \(.*16.*\), but .* need \(.*8.*\)") as e:
        narrow.load_connector(models / "st-merge")
    assert "\n" not in str(e.value)
    assert all(torch.equal(tensor, before[name]) for name, tensor in narrow.connector.state_dict().items())


def test_a_gated_merge_takes_the_mapping_of_a_plain_one(tmp_path: Path, build: Callable[..., MergedModel]) -> None:
    plain, gated = build("none"), build("cross-attention", embedding=4)
    for parameter in plain.connector.parameters():
        torch.nn.init.normal_(parameter)
    plain.save_pretrained(tmp_path)
    gate = {name: tensor.clone() for name, tensor in gated.connector.state_dict().items() if "gate" in name}
    gated.load_connector(tmp_path)
    for name, tensor in gated.connector.state_dict().items():
        assert torch.equal(tensor, gate[name] if "gate" in name else plain.connector.state_dict()[name])
    assert json.loads((tmp_path / CONFIG).read_text(encoding="utf-8"))["gate"] == "none"
