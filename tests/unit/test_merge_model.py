"""Merges: what the LLM reads, worked out by hand for one example; padding, gates, limits, and what a folder holds.

Parents are tiny models with random weights, spread wide enough that features and prompt both tell in the logits.
"""

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSeq2SeqLM, NllbTokenizer

from vernacular.corpus.miniature import question_rows
from vernacular.evaluation.generate import generate_rows
from vernacular.identify import LanguageIdentifier
from vernacular.merge.answer import prepare_merge
from vernacular.merge.encoder import encode_texts, encoder_limit, load_encoder, source_language
from vernacular.merge.gates import KINDS, build_gate
from vernacular.merge.model import CONFIG, CONNECTOR, MergedModel, build_merge
from vernacular.merge.train import collate, encode_rows
from vernacular.models.pretrain import train_tokenizer
from vernacular.prompts import question_messages, question_text

LANGUAGES = ["en", "fr", "ja"]
NUMBERS = {"opening": [2, 24], "term": [2, 14], "factor": [2, 4], "result": [2, 36]}
BENCHMARKS = {"mini-mgsm": {"questions": {"test": 3}, "steps": 2, "numbers": NUMBERS, "setting": "story"}}
QUESTIONS = list(question_rows(BENCHMARKS, LANGUAGES, "test", 1))
OPTIONS: dict[str, Any] = {"samples": 1, "temperature": 0, "max_new_tokens": 8, "batch_size": 64, "decoding": "plain"}
CLOSE: dict[str, Any] = {"atol": 1e-5, "rtol": 1e-4}

T5 = {"d_model": 12, "d_kv": 6, "d_ff": 24, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0}
M2M = {
    "d_model": 12, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24, "decoder_ffn_dim": 24, "max_position_embeddings": 256, "init_std": 0.2,
}  # fmt: skip
BERT = {
    "hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 24,
    "max_position_embeddings": 256, "initializer_range": 0.2,
}  # fmt: skip
LLM = {
    "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 8, "max_position_embeddings": 512, "initializer_range": 0.2,
}  # fmt: skip
NEOX = {name: value for name, value in LLM.items() if name not in ("num_key_value_heads", "head_dim")}
GPT2 = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_positions": 256, "initializer_range": 0.2}  # absolute positions

ENCODERS: dict[str, Any] = {"t5": T5, "mt5": T5, "m2m_100": M2M, "nllb": M2M, "xlm-roberta": BERT}
LLMS: dict[str, Any] = {
    "llama": LLM, "qwen3": LLM, "gpt_neox": NEOX, "gemma": LLM, "gpt2": GPT2, "narrow": {**LLM, "hidden_size": 8},
}  # fmt: skip
WITH_BOS = ("gpt_neox", "gemma")


# --- Parents and examples ---------------------------------------------------------------------------------------------


@cache
def tokenizer() -> Any:
    texts = (question_messages(row["question"], row["language"])[0]["content"] for row in QUESTIONS)
    return train_tokenizer(texts, 340)


def nllb_tokenizer() -> Any:
    """A real one, of single letters, with `en` and `fr` among its ordinary pieces, as in NLLB's own vocabulary."""
    letters = {letter for row in QUESTIONS for letter in row["question"]} - {" "}
    tokens = ["<s>", "<pad>", "</s>", "<unk>", "▁", *sorted(letters), "en", "fr"]
    vocabulary = {token: place for place, token in enumerate(tokens)}
    merges: Any = [("e", "n"), ("f", "r")]
    return NllbTokenizer(vocab=vocabulary, merges=merges)


def write_parent(folder: Path, kind: str, options: dict[str, Any], seed: int = 1) -> Path:
    own = nllb_tokenizer() if kind == "nllb" else tokenizer()
    own.bos_token = "<|end|>" if kind in WITH_BOS else own.bos_token
    marks = {"pad_token_id": own.pad_token_id, "eos_token_id": own.eos_token_id, "bos_token_id": own.bos_token_id}
    family = {"nllb": "m2m_100", "narrow": "llama"}.get(kind, kind)
    config = AutoConfig.for_model(family, **{"vocab_size": len(own), **marks, **options})
    torch.manual_seed(seed)
    maker: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    maker = AutoModelForMaskedLM if kind == "xlm-roberta" else maker
    maker.from_config(config).save_pretrained(folder)
    own.save_pretrained(folder)
    if kind in WITH_BOS:
        own.bos_token = None
    return folder


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)  # more of them only wait for one another here
    root = tmp_path_factory.mktemp("parents")
    for kind, options in {**ENCODERS, **LLMS}.items():
        write_parent(root / kind, kind, options)
    return root


@pytest.fixture(scope="module")
def build(parents: Path) -> Callable[..., MergedModel]:
    """A merge of two of the parents by name; a gate whose parameters are all drawn by chance, unless `fresh`."""

    def merge(
        gate: str, encoder: str = "t5", llm: str = "llama", embedding: int = 0, fresh: bool = False, **options: Any
    ) -> MergedModel:
        torch.manual_seed(2)
        folders = {"encoder": str(parents / encoder), "llm": str(parents / llm)}
        model = build_merge(
            {"gate": gate, "language_embedding": embedding, "languages": LANGUAGES, **folders, **options}
        )
        if not fresh:
            zeros = [model.connector.boundary, *(model.connector.gate or torch.nn.Module()).parameters()]
            for parameter in zeros:
                torch.nn.init.normal_(parameter, std=0.4)
        return model

    return merge


def example(question: int, prompt: int, target: int, language: int, seed: int) -> dict[str, Any]:
    """Random tokens of the given lengths, as encode_rows gives them."""
    draw = torch.Generator().manual_seed(seed)
    ids = torch.randint(4, 300, (question + prompt + target,), generator=draw).tolist()
    return {
        "encoder_input_ids": [4 + token % 50 for token in ids[:question]],
        "input_ids": ids[question:],
        "prompt": prompt,
        "language": language,
    }


EXAMPLES = [example(9, 12, 5, 0, 1), example(3, 20, 1, 2, 2), example(15, 4, 9, -1, 3), example(1, 1, 2, 1, 4)]


def batch_of(model: MergedModel, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    return collate(examples, model.encoder_tokenizer.pad_token_id, model.tokenizer.pad_token_id)


def prompts_of(model: MergedModel, examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """The same without targets, as generation has them."""
    batch = batch_of(model, [{**e, "input_ids": e["input_ids"][: e["prompt"]]} for e in examples])
    return {name: batch[name] for name in batch if name not in ("labels", "prompt_mask")}


# --- By hand ----------------------------------------------------------------------------------------------------------


def gate_by_hand(gate: Any, features: torch.Tensor, text: torch.Tensor, language: int) -> list[float]:
    """The equations of merge/gates.py for one example: features (n, width), text (m, width)."""
    if gate is None:
        return [1.0, 1.0]
    if not hasattr(gate, "query"):
        return (1 + torch.tanh(gate.weights)).tolist()
    query, key, value = text @ gate.query.weight.T, features @ gate.key.weight.T, features @ gate.value.weight.T
    attention = torch.softmax(query @ key.T / query.shape[1] ** 0.5, dim=1)
    pooled = (attention @ value).mean(0)
    if gate.language is not None:
        table = gate.language.weight
        pooled = torch.cat([pooled, table[language] if language >= 0 else table.mean(0)])
    logits = gate.out.weight @ torch.relu(gate.hidden.weight @ pooled + gate.hidden.bias) + gate.out.bias
    return (torch.sigmoid(logits) if gate.bounded else 1 + torch.tanh(logits)).tolist()


@torch.inference_mode()
def by_hand(model: MergedModel, example: dict[str, Any]) -> tuple[torch.Tensor, list[float]]:
    """(logits after each of `input_ids`, gates) of [BOS; g_X X; b; g_T T] and the target, without batch or padding."""
    hidden = model.encoder(input_ids=torch.tensor([example["encoder_input_ids"]])).last_hidden_state[0]
    features = model.connector.mapping(hidden)
    embed, prompt = model.llm.get_input_embeddings(), example["prompt"]
    text = embed(torch.tensor(example["input_ids"]))
    gates = gate_by_hand(model.connector.gate, features, text[:prompt], example["language"])
    start = [] if model.tokenizer.bos_token_id is None else [embed(torch.tensor([model.tokenizer.bos_token_id]))]
    read = [*start, gates[0] * features, model.connector.boundary[None], gates[1] * text[:prompt], text[prompt:]]
    logits = model.llm(inputs_embeds=torch.cat(read)[None], use_cache=False).logits[0]
    return logits[-len(example["input_ids"]) :], gates


def loss_by_hand(model: MergedModel, examples: list[dict[str, Any]]) -> torch.Tensor:
    """The mean over all target tokens of the batch."""
    losses = []
    for one in examples:
        logits, prompt = by_hand(model, one)[0], one["prompt"]
        wanted = torch.tensor(one["input_ids"][prompt:])
        losses.append(torch.nn.functional.cross_entropy(logits[prompt - 1 : -1], wanted, reduction="none"))
    return torch.cat(losses).mean()


def greedy_by_hand(model: MergedModel, one: dict[str, Any], steps: int) -> list[int]:
    made: list[int] = []
    while len(made) < steps:
        ids = one["input_ids"][: one["prompt"]] + made
        made.append(int(by_hand(model, {**one, "input_ids": ids})[0][-1].argmax()))
        if made[-1] == model.tokenizer.eos_token_id:
            break
    return made


PAIRS = [(encoder, "llama") for encoder in ENCODERS] + [("t5", llm) for llm in LLMS if llm != "llama"]


@pytest.mark.parametrize(("encoder", "llm"), PAIRS)
@pytest.mark.parametrize(("gate", "embedding"), [("cross-attention", 4), ("none", 0)])
def test_a_batch_of_any_parents_is_what_each_example_is_by_hand(
    build: Callable[..., MergedModel], encoder: str, llm: str, gate: str, embedding: int
) -> None:
    """Loss, logits, gates and greedy continuation of examples of many lengths, among them the shortest possible."""
    model = build(gate, encoder, llm, embedding)
    assert (model.tokenizer.bos_token_id is not None) == (llm in WITH_BOS)
    torch.testing.assert_close(model(**batch_of(model, EXAMPLES)), loss_by_hand(model, EXAMPLES), **CLOSE)
    prompts = prompts_of(model, EXAMPLES)
    logits, weights = model.logits(**prompts), model.inputs(**prompts)[3]
    for row, one in enumerate(EXAMPLES):
        hand, gates = by_hand(model, {**one, "input_ids": one["input_ids"][: one["prompt"]]})
        torch.testing.assert_close(logits[row, -len(hand) :], hand, **CLOSE)  # padding is gathered on the left
        assert weights[row].tolist() == pytest.approx(gates, abs=1e-5)
    out = model.generate(**prompts, max_new_tokens=6, do_sample=False, eos_token_id=[1], pad_token_id=0)
    for row, one in enumerate(EXAMPLES):
        made = greedy_by_hand(model, one, 6)
        assert out[row, prompts["input_ids"].shape[1] :].tolist()[: len(made)] == made
        assert out[row, : one["prompt"]].tolist() == one["input_ids"][: one["prompt"]]


@pytest.mark.parametrize(("gate", "embedding"), [("fixed", 0), ("sigmoid", 0), ("sigmoid", 4), ("cross-attention", 0)])
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


# --- Gates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gate", "embedding"), [("cross-attention", 4), ("cross-attention", 0), ("fixed", 0)])
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
        assert torch.equal(gated.logits(**prompts), plain.logits(**prompts))
        assert torch.equal(gated(**batch), plain(**batch))
        assert torch.equal(gated.inputs(**prompts)[3], torch.ones(len(examples), 2))
    assert plain.logits(**prompts).std() > 0.1  # equal, but not because nothing tells


def test_a_gate_is_fine_in_low_precision_too(build: Callable[..., MergedModel]) -> None:
    model = build("cross-attention", embedding=4, fresh=True)
    torch.nn.init.constant_(model.connector.gate.out.bias, 1e-3)  # type: ignore[union-attr, arg-type]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        weights = model.inputs(**prompts_of(model, EXAMPLES))[3]
    torch.testing.assert_close(weights, torch.full((4, 2), 1.001), atol=1e-5, rtol=0.0)


def test_a_bounded_gate_starts_at_one_half(build: Callable[..., MergedModel]) -> None:
    model = build("sigmoid", embedding=4, fresh=True)
    assert torch.equal(model.inputs(**prompts_of(model, EXAMPLES))[3], torch.full((4, 2), 0.5))


@pytest.mark.parametrize("gate", ["cross-attention", "fixed", "sigmoid", "none", "prefix-only"])
def test_a_step_moves_the_connector_and_no_parent(build: Callable[..., MergedModel], gate: str) -> None:
    model = build(gate, embedding=4, fresh=True).train()
    names = {f"connector.{name}" for name, _ in model.connector.named_parameters()}
    assert {name for name, parameter in model.named_parameters() if parameter.requires_grad} == names
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    weights = model.inputs(**prompts_of(model, EXAMPLES))[3].detach()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    for _ in range(2):  # a gate's last layer is zero at first: what is below it moves with the second step
        optimizer.zero_grad()
        model(**batch_of(model, EXAMPLES)).backward()
        optimizer.step()
    moved = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert moved == names and {name for name, p in model.named_parameters() if p.grad is not None} == names
    change = (model.inputs(**prompts_of(model, EXAMPLES))[3] - weights).abs().min()
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
    with pytest.raises(ValueError, match="'crossattention' is no gate; choose from: none, fixed, cross-attention"):
        build_gate("crossattention", 16, 3, 4)
    assert [build_gate(kind, 16, 3, 4) is None for kind in KINDS] == [True, False, False, False, True]


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
    assert torch.equal(again.logits(**prompts), model.logits(**prompts))
    assert torch.equal(again.inputs(**prompts)[3], model.inputs(**prompts)[3])
    (moved.parent / "third").mkdir()
    again.save_pretrained(moved.parent / "third")  # one that was loaded can be saved elsewhere
    third = MergedModel.from_pretrained(moved.parent / "third")
    assert torch.equal(third.logits(**prompts), model.logits(**prompts))


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
    with pytest.raises(ValueError, match=f"{CONFIG}: the {part} .*{name} is not there; make it again") as e:
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


# --- Parents of every kind --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ENCODERS)
def test_encoders_read_up_to_their_limit(parents: Path, kind: str, tmp_path: Path) -> None:
    """Texts of exactly as many tokens pass through the model; RoBERTa's kind would break on the next."""
    limits = {} if "t5" in kind else {"max_position_embeddings": 40}
    folder = write_parent(tmp_path / kind, kind, {**ENCODERS[kind], **limits})
    encoder, own = load_encoder(folder, torch.float32)
    assert own.padding_side == "right" and not hasattr(encoder, "lm_head")
    own.model_max_length = 30 if "t5" in kind else own.model_max_length
    limit = encoder_limit(encoder.config, own)
    expected = {"t5": 30, "mt5": 30, "m2m_100": 40, "nllb": 40, "xlm-roberta": 40 - own.pad_token_id - 1}
    assert limit is not None and limit == expected[kind]
    marks = len(own("1")["input_ids"]) - 1  # NLLB's language, beginning of a word and end
    assert marks == (3 if kind == "nllb" else 0)
    text = "1" * (limit - marks)
    (ids,) = encode_texts(own, [text], ["en"], limit)
    assert len(ids) == limit
    assert encoder(input_ids=torch.tensor([ids])).last_hidden_state.shape == (1, limit, 12)
    wanted = rf"a question in 'en' has {limit + 1} tokens but the encoder reads {limit} at most \('.*'\.\.\.\); leave"
    with pytest.raises(ValueError, match=wanted):
        encode_texts(own, ["12", text + "1"], ["en", "en"], limit)
    assert len(encode_texts(own, [text + "1"], ["en"], None)[0]) == limit + 1
    if kind == "xlm-roberta":
        with pytest.raises((IndexError, RuntimeError)):
            encoder(input_ids=torch.tensor([[*ids, ids[0]]]))


def test_relative_positions_without_a_tokenizers_limit_are_unlimited(parents: Path) -> None:
    encoder, own = load_encoder(parents / "t5", torch.float32)
    own.model_max_length = int(1e30)
    assert encoder_limit(encoder.config, own) is None
    assert encode_texts(own, [], [], None) == []


def test_nllb_texts_begin_with_their_language(parents: Path) -> None:
    """`en` and `fr` are ordinary pieces of its vocabulary, and must not be taken for the languages."""
    own = load_encoder(parents / "nllb", torch.float32)[1]
    assert {"en", "fr"} <= own.get_vocab().keys() and isinstance(own, NllbTokenizer)
    texts, languages = ["12 en", "12 fr", "12", "12"], ["en", "fr", "sw", "en"]
    ids = encode_texts(own, texts, languages, None)
    assert [own.convert_ids_to_tokens(row[0]) for row in ids] == ["eng_Latn", "fra_Latn", "swh_Latn", "eng_Latn"]
    assert ids[2][1:] == ids[3][1:] and ids[2][-1] == own.eos_token_id


class Codes:
    """What source_language asks of a tokenizer: M2M100's own class needs sentencepiece, which is not installed."""

    unk_token_id = 3

    def __init__(self, tokens: list[str]) -> None:
        self.ids = {token: place for place, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *tokens])}

    def convert_tokens_to_ids(self, token: str) -> int:
        return self.ids.get(token, self.unk_token_id)


def test_m2m100_names_languages_by_their_short_code() -> None:
    own = Codes(["en", "de", "sw", "__en__", "__sw__"])
    assert [source_language(own, language) for language in ("en", "sw")] == ["en", "sw"]
    with pytest.raises(ValueError, match=r"the encoder's tokenizer knows no language 'de' \(nor 'deu_Latn'\)"):
        source_language(own, "de")


def test_models_of_the_wrong_kind_are_named(parents: Path, tmp_path: Path) -> None:
    options = {"gate": "none", "language_embedding": 0, "languages": LANGUAGES}
    with pytest.raises(ValueError, match="llama: a model of the type 'llama' has no encoder to merge with; name") as e:
        build_merge({**options, "encoder": str(parents / "llama"), "llm": str(parents / "llama")})
    assert "\n" not in str(e.value)
    write_parent(tmp_path / "bart", "bart", M2M)  # it has a decoder that AutoModelForCausalLM would take
    for llm in (parents / "t5", parents / "nllb", tmp_path / "bart"):
        with pytest.raises(ValueError, match=f"{llm.name}: a model of the type '.*' is no causal LM; name one") as e:
            build_merge({**options, "encoder": str(parents / "t5"), "llm": str(llm)})
        assert "\n" not in str(e.value)


# --- The language -----------------------------------------------------------------------------------------------------


def test_an_unknown_language_gets_the_mean_embedding(build: Callable[..., MergedModel]) -> None:
    model = build("cross-attention", embedding=4)
    asked = {n: prompts_of(model, [{**EXAMPLES[0], "language": n}]) for n in (-1, 0, 1, 2)}
    weights = {n: model.inputs(**prompts)[3] for n, prompts in asked.items()}
    assert len({tuple(row.flatten().tolist()) for row in weights.values()}) == 4
    table: Any = model.connector.gate.language.weight.data  # type: ignore[union-attr]
    table[:] = table.mean(0, keepdim=True).clone()
    for n in (0, 1, 2):
        torch.testing.assert_close(model.inputs(**asked[n])[3], weights[-1], **CLOSE)


def answers(model: MergedModel, questions: list[dict[str, Any]], **changes: Any) -> dict[tuple[str, str], dict]:
    options = OPTIONS | changes
    prepared = prepare_merge(model, questions, options["decoding"], LanguageIdentifier(LANGUAGES))
    rows = list(generate_rows(model, model.tokenizer, prepared, options, 1))
    assert len(rows) == len(questions) * options["samples"]
    return {(row["id"], row["language"]): row for row in rows if row["sample"] == 0}


def test_each_question_is_told_the_language_of_its_text(
    build: Callable[..., MergedModel], capsys: pytest.CaptureFixture
) -> None:
    model = build("cross-attention", embedding=4, languages=["en", "ja"])
    signs = {**QUESTIONS[0], "id": "signs", "question": "12 + 4 = ?"}
    identifier = LanguageIdentifier(LANGUAGES)
    rows = prepare_merge(model, [*QUESTIONS, signs], "plain", identifier)
    assert "4 of 10 questions get the mean language embedding" in capsys.readouterr().out
    told = {"en": ("en", 0), "ja": ("ja", 1), "fr": (None, -1)}  # no training knew French
    for row in rows[:-1]:
        assert (row["told_language"], row["gate_language"]) == told[row["language"]]
        assert row["encoder_ids"] == model.encoder_tokenizer(question_text(row["question"]))["input_ids"]
        assert row["hidden"] is False and row.items() >= QUESTIONS[rows.index(row)].items()
    assert (rows[-1]["told_language"], rows[-1]["gate_language"]) == (None, -1)  # the identifier abstains
    mislabelled = [{**row, "language": "ja"} for row in QUESTIONS]
    for decoding, expected in (("oracle", ("ja", 1)), ("english-embedding", ("en", 0))):
        rows = prepare_merge(model, mislabelled, decoding, identifier)
        assert {(row["told_language"], row["gate_language"]) for row in rows} == {expected}
    assert "0 of 9 questions get the mean" in capsys.readouterr().out


def test_options_of_a_choice_are_read_by_the_encoder_too(build: Callable[..., MergedModel]) -> None:
    model = build("none")
    row = {**QUESTIONS[0], "kind": "choice", "choices": ["a well", "a mill"]}
    (prepared,) = prepare_merge(model, [row], "plain", LanguageIdentifier(LANGUAGES))
    assert model.encoder_tokenizer.decode(prepared["encoder_ids"]) == f"{row['question']}\nA) a well\nB) a mill"


def test_clamps_change_what_they_say_and_nothing_else(build: Callable[..., MergedModel]) -> None:
    model = build("cross-attention", embedding=4)
    plain = answers(model, QUESTIONS)
    for decoding, encoder, llm in (("encoder-off", 0.0, None), ("llm-off", None, 0.0), ("gates-one", 1.0, 1.0)):
        for key, row in answers(model, QUESTIONS, decoding=decoding).items():
            assert row["gate_encoder"] == (plain[key]["gate_encoder"] if encoder is None else encoder)
            assert row["gate_llm"] == (plain[key]["gate_llm"] if llm is None else llm)
            assert row["told_language"] == plain[key]["told_language"] == key[1]
    assert answers(model, QUESTIONS) == plain  # the next decoding is free of the last one's clamp
    weights = {(row["gate_encoder"], row["gate_llm"]) for row in plain.values()}
    assert len(weights) == len(plain) and not {0.0, 1.0} & {value for pair in weights for value in pair}
    told = answers(model, QUESTIONS, decoding="english-embedding")
    assert {row["told_language"] for row in told.values()} == {"en"}
    assert all((told[key]["gate_llm"] == plain[key]["gate_llm"]) == (key[1] == "en") for key in plain)


def test_what_is_clamped_off_is_not_read(build: Callable[..., MergedModel]) -> None:
    model = build("fixed")
    one, other = EXAMPLES[0], {**EXAMPLES[0], "encoder_input_ids": EXAMPLES[0]["encoder_input_ids"][::-1]}
    asked = {**EXAMPLES[0], "input_ids": EXAMPLES[0]["input_ids"][::-1], "prompt": 12}

    def same(first: dict, second: dict) -> bool:
        return torch.equal(model.logits(**prompts_of(model, [first])), model.logits(**prompts_of(model, [second])))

    assert not same(one, other) and not same(one, asked)
    model.clamped = {"encoder": 0.0}
    assert same(one, other) and not same(one, asked)
    model.clamped = {"llm": 0.0}
    assert not same(one, other) and same(one, asked)


def test_gates_clamped_to_one_are_mindmerger(build: Callable[..., MergedModel]) -> None:
    plain, gated = build("none"), build("cross-attention", embedding=4)
    gated.connector.load_state_dict(plain.connector.state_dict(), strict=False)
    prompts = prompts_of(plain, EXAMPLES)
    assert not torch.allclose(gated.logits(**prompts), plain.logits(**prompts), atol=1e-2)
    gated.clamped = {"encoder": 1.0, "llm": 1.0}
    assert torch.equal(gated.logits(**prompts), plain.logits(**prompts))
    ones = answers(gated, QUESTIONS, decoding="gates-one")
    assert {key: row["completion"] for key, row in ones.items()} == {
        key: row["completion"] for key, row in answers(plain, QUESTIONS).items()
    }


# --- Generation -------------------------------------------------------------------------------------------------------


def test_answers_are_those_by_hand_in_any_batch(build: Callable[..., MergedModel]) -> None:
    model = build("cross-attention", embedding=4)
    whole = answers(model, QUESTIONS)
    for row in QUESTIONS:
        answer = whole[row["id"], row["language"]]
        ids = model.tokenizer(answer["prompt"], add_special_tokens=False)["input_ids"]
        one = {
            "encoder_input_ids": model.encoder_tokenizer(question_text(row["question"]))["input_ids"],
            "input_ids": ids,
            "prompt": len(ids),
            "language": LANGUAGES.index(row["language"]),
        }
        made = greedy_by_hand(model, one, OPTIONS["max_new_tokens"])
        assert answer["completion"] == model.tokenizer.decode(made, skip_special_tokens=True)
        assert answer["tokens"] == len(made)
        assert [answer["gate_encoder"], answer["gate_llm"]] == pytest.approx(by_hand(model, one)[1], abs=1e-5)
    assert len({row["completion"] for row in whole.values()}) > len(whole) / 2
    for batch_size in (1, 4):
        again = answers(model, QUESTIONS[::-1], batch_size=batch_size)
        assert {key: row["completion"] for key, row in again.items()} == {k: r["completion"] for k, r in whole.items()}


def test_samples_of_a_merge_do_not_depend_on_the_batch(build: Callable[..., MergedModel]) -> None:
    model = build("cross-attention", embedding=4)
    options = {**OPTIONS, "samples": 3, "temperature": 0.8}
    prepared = prepare_merge(model, QUESTIONS, "plain", LanguageIdentifier(LANGUAGES))
    found = []
    for batch_size in (64, 3):
        rows = generate_rows(model, model.tokenizer, prepared, {**options, "batch_size": batch_size}, 1)
        found.append({(row["id"], row["language"], row["sample"]): row["completion"] for row in rows})
    assert found[0] == found[1] and len(set(found[0].values())) > 20


def test_langbridge_never_shows_its_llm_the_question(build: Callable[..., MergedModel]) -> None:
    model = build("prefix-only")
    prepared = prepare_merge(model, QUESTIONS, "plain", LanguageIdentifier(LANGUAGES))
    assert all(row["hidden"] for row in prepared)
    same = [{**row, "encoder_ids": prepared[0]["encoder_ids"]} for row in prepared]
    for rows, different in ((same, False), (prepared, True)):
        found = list(generate_rows(model, model.tokenizer, rows, OPTIONS, 1))
        assert {row["prompt"] for row in found} == {"<|user|><|assistant|><think>\n"}
        assert (len({row["completion"] for row in found}) > 1) == different
    shown = prepare_merge(build("none"), QUESTIONS, "plain", LanguageIdentifier(LANGUAGES))
    assert not any(row["hidden"] for row in shown)


# --- Limits -----------------------------------------------------------------------------------------------------------


def training_row(row: dict[str, Any], completion: str = "12") -> dict[str, Any]:
    asked = question_messages(row["question"], row["language"])[0]["content"]
    return {**row, "task": "reasoning", "prompt": asked, "completion": completion}


def test_questions_that_the_encoder_cannot_read(
    build: Callable[..., MergedModel], capsys: pytest.CaptureFixture
) -> None:
    """Training refuses them; generation records them and leaves the others as they were."""
    model = build("none")
    whole = answers(model, QUESTIONS)
    sizes = {
        (row["id"], row["language"]): len(model.encoder_tokenizer(row["question"])["input_ids"]) for row in QUESTIONS
    }
    model.limit = sorted(sizes.values())[4]
    long = {key for key, size in sizes.items() if size > model.limit}
    assert 0 < len(long) < len(QUESTIONS)
    capsys.readouterr()
    for key, row in answers(model, QUESTIONS).items():
        if key in long:
            assert (row["finish_reason"], row["completion"], row["tokens"]) == ("prompt_too_long", "", 0)
            assert row["prompt"] == whole[key]["prompt"] and row["gate_encoder"] is None
        else:
            assert row == whole[key]
    assert capsys.readouterr().out.count(f"but the encoder reads {model.limit} at most") == len(long)
    rows = [training_row(row) for row in QUESTIONS]
    with pytest.raises(ValueError, match=f"but the encoder reads {model.limit} at most .* leave it out"):
        encode_rows(model, rows)
    fitting = [row for row in rows if (row["id"], row["language"]) not in long]
    assert len(encode_rows(model, fitting)) == len(QUESTIONS) - len(long)


def test_features_and_prompt_that_overflow_the_context(build: Callable[..., MergedModel]) -> None:
    model = build("none")
    whole = answers(model, QUESTIONS)
    read = {
        key: len(model.encoder_tokenizer(row["question"])["input_ids"])
        + len(model.tokenizer(whole[key]["prompt"], add_special_tokens=False)["input_ids"])
        + 2
        for key, row in (((row["id"], row["language"]), row) for row in QUESTIONS)
    }
    middle = sorted(read.values())[4]
    long = {key for key, size in read.items() if size > middle}
    assert 0 < len(long) < len(QUESTIONS)
    model.config.max_position_embeddings = middle + OPTIONS["max_new_tokens"]  # the question in the middle just fits
    for key, row in answers(model, QUESTIONS).items():
        assert row == whole[key] if key not in long else row["finish_reason"] == "prompt_too_long"
    key, row = next(((r["id"], r["language"]), r) for r in QUESTIONS if read[r["id"], r["language"]] == middle)
    model.config.max_position_embeddings -= 1
    assert answers(model, [row])[key]["finish_reason"] == "prompt_too_long"
    (fitting,) = encode_rows(model, [training_row(row)])
    model.config.max_position_embeddings = len(fitting["encoder_input_ids"]) + len(fitting["input_ids"]) + 2
    assert encode_rows(model, [training_row(row)]) == [fitting]
    model.config.max_position_embeddings -= 1
    with pytest.raises(ValueError, match=rf"{key[0]} in '{key[1]}': \d+ features, \d+ tokens .* overflow the LLM's co"):
        encode_rows(model, [training_row(row)])
