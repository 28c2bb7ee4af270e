"""SLAM's probe: its numbers are those of the definition taken word by word, whatever the architecture, the batch, the
padding or the number of questions; and what cannot be probed is one clear line.

The models are tiny, with random weights in double precision, so that no rounding moves a neuron over the threshold.
"""

import copy
import itertools
import json
import math
import os
import random
import runpy
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers.processors import TemplateProcessing
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from vernacular.corpus.records import QUESTION, read_rows, write_rows
from vernacular.models.pretrain import train_tokenizer
from vernacular.slam.mlp import decoder_mlps
from vernacular.slam.probe import PROBE, probe, question_batches
from vernacular.slam.tune import freeze_but

ROOT = Path(__file__).parents[2]
LANGUAGES = ["de", "en", "sw", "th"]
LETTERS = {"de": "abdeinrsuß", "en": "aehinorst", "sw": "abikmnuwy", "th": "กขคงจชดตนมรลสอาเ"}
OPTIONS = {
    "benchmark": "mini", "languages": LANGUAGES, "questions": None, "batch_size": 4,
    "threshold": 0.0, "active_share": 0.5,
}  # fmt: skip


def gelu_tanh(x: torch.Tensor) -> torch.Tensor:
    return functional.gelu(x, approximate="tanh")


# architecture: (the matrix before the activation, the activation), as its modelling code has them
FIRST: dict[str, tuple[str, Any]] = {
    "llama": ("model.layers.{}.mlp.gate_proj", functional.silu),
    "mistral": ("model.layers.{}.mlp.gate_proj", functional.silu),
    "qwen3": ("model.layers.{}.mlp.gate_proj", functional.silu),
    "gemma": ("model.layers.{}.mlp.gate_proj", gelu_tanh),
    "gemma2": ("model.layers.{}.mlp.gate_proj", gelu_tanh),
    "gemma3_text": ("model.layers.{}.mlp.gate_proj", gelu_tanh),
    "gpt2": ("transformer.h.{}.mlp.c_fc", gelu_tanh),
    "gpt_neox": ("gpt_neox.layers.{}.mlp.dense_h_to_4h", functional.gelu),
    "opt": ("model.decoder.layers.{}.fc1", functional.relu),
    "phi": ("model.layers.{}.mlp.fc1", gelu_tanh),
}
LAYERS, WIDTH = 3, 20


def question_rows(count: int, languages: list[str] = LANGUAGES, benchmark: str = "mini") -> Iterator[dict[str, Any]]:
    """Parallel questions of 1 to 7 words, id by id with the languages side by side; English has the longer words."""
    for number in range(count):
        for language in languages:
            rng = random.Random(f"{language} {number}")
            size = range(2, 9 if language == "en" else 5)
            words = ("".join(rng.choices(LETTERS[language], k=rng.choice(size))) for _ in range(rng.randint(1, 7)))
            yield {
                "id": f"q{number}", "benchmark": benchmark, "kind": "math", "language": language,
                "question": " ".join(words), "choices": None, "answer": "1",
            }  # fmt: skip


ROWS = list(question_rows(11))


@cache
def tokenizer() -> Any:
    torch.set_num_threads(1)  # more of them only wait for one another here
    return train_tokenizer((row["question"] for row in ROWS), 300)


def model_of(kind: str, **changes: Any) -> Any:
    options = {
        "vocab_size": 300, "hidden_size": 16, "num_hidden_layers": LAYERS, "num_attention_heads": 2,
        "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 128, "initializer_range": 0.5,
        "init_std": 0.5, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1,
        "n_inner" if kind == "gpt2" else "ffn_dim" if kind == "opt" else "intermediate_size": WIDTH,
    } | ({"word_embed_proj_dim": 16} if kind == "opt" else {}) | changes  # fmt: skip
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **options)).double().eval()


def probed(model: Any, rows: list[dict[str, Any]] = ROWS, **changes: Any) -> list[dict[str, Any]]:
    options = OPTIONS | changes
    return probe(model, tokenizer(), question_batches(rows, options), options)


def assert_close(rows: list[dict[str, Any]], expected: list[dict[str, Any]], rel: float) -> None:
    assert [row["language"] for row in rows] == [row["language"] for row in expected]
    for row, wanted in zip(rows, expected, strict=True):
        assert {**row, "language": 0} == pytest.approx({**wanted, "language": 0}, rel=rel)


def activations(model: Any, kind: str, question: str) -> list[list[list[float]]]:
    """[layer][token][neuron] of one question, alone and without padding, by the architecture's own formula."""
    inputs: dict[str, torch.Tensor] = {}
    found, hooks, (path, function) = [], [], FIRST[kind]
    paths = [path.format(layer) for layer in range(LAYERS)]
    for name in paths:
        module = model.get_submodule(name)
        hooks.append(module.register_forward_pre_hook(lambda _, args, name=name: inputs.update({name: args[0]})))
    with torch.no_grad():
        model(torch.tensor([tokenizer()(question, add_special_tokens=False)["input_ids"]]))
        for name in paths:
            module = model.get_submodule(name)
            weight = module.weight if kind == "gpt2" else module.weight.T
            value = inputs[name].reshape(-1, 16) @ weight
            found.append(function(value if module.bias is None else value + module.bias).tolist())
    for hook in hooks:
        hook.remove()
    return found


def by_definition(model: Any, kind: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    """The probe's definition, slowly: every activation is kept, every share is a count over a list."""
    texts = {k: [row["question"] for row in ROWS if row["language"] == k] for k in LANGUAGES}
    kept = {k: [activations(model, kind, text) for text in texts[k]] for k in LANGUAGES}

    def p(layer: int, neuron: int, k: str, questions: slice) -> float:
        values = [token[neuron] for question in kept[k][questions] for token in question[layer]]
        return sum(value > options["threshold"] for value in values) / len(values)

    def n(layer: int, k: str, questions: slice) -> float:
        return statistics.fmean(p(layer, neuron, k, questions) for neuron in range(WIDTH))

    def msd(layer: int, questions: slice) -> float:
        return statistics.pvariance([n(layer, k, questions) for k in LANGUAGES])

    def ranks(values: list[float]) -> list[int]:
        return [sorted(values).index(value) for value in values]

    every, halves = slice(None), (slice(0, None, 2), slice(1, None, 2))
    first, second = (ranks([msd(layer, half) for layer in range(LAYERS)]) for half in halves)
    rows = []
    for layer, k in itertools.product(range(LAYERS), LANGUAGES):
        active = {j: {i for i in range(WIDTH) if p(layer, i, j, every) > options["active_share"]} for j in (k, "en")}
        rows.append(
            {
                "layer": layer, "language": k, "width": WIDTH, "questions": len(texts[k]),
                "tokens": sum(len(question[layer]) for question in kept[k]),
                "active": n(layer, k, every), "active_neurons": len(active[k]),
                "overlap": len(active[k] & active["en"]) / len(active[k] | active["en"]),
                "msd": msd(layer, every),
                "msd_neurons": statistics.fmean(
                    statistics.pvariance([p(layer, i, j, every) for j in LANGUAGES]) for i in range(WIDTH)
                ),
                "stability": statistics.correlation(first, second),
            }
        )  # fmt: skip
    return rows


@pytest.mark.parametrize("kind", FIRST)
def test_the_numbers_are_those_of_the_definition(kind: str) -> None:
    model, options = model_of(kind), OPTIONS | {"threshold": 0.05, "active_share": 0.3}
    rows, expected = probed(model, threshold=0.05, active_share=0.3), by_definition(model, kind, options)
    assert len(rows) == LAYERS * len(LANGUAGES) and len({row["msd"] for row in rows}) == LAYERS
    assert any(0 < row["overlap"] < 1 for row in rows)
    assert_close(rows, expected, rel=1e-9)


@pytest.mark.parametrize("kind", FIRST)
def test_down_reads_what_the_named_parts_make(kind: str) -> None:
    """The named parts are the block: what goes into down is the activation of pre, times up where there is a gate."""
    model, seen = model_of(kind), {}
    mlps = decoder_mlps(model)
    assert [mlp.layer for mlp in mlps] == list(range(LAYERS)) and {mlp.width for mlp in mlps} == {WIDTH}
    for mlp in mlps:
        mlp.pre.register_forward_hook(lambda _, args, out, layer=mlp.layer: seen.update({("pre", layer): out}))
        mlp.up.register_forward_hook(lambda _, args, out, layer=mlp.layer: seen.update({("up", layer): out}))
        mlp.down.register_forward_pre_hook(lambda _, args, layer=mlp.layer: seen.update({("down", layer): args[0]}))
        assert model.get_submodule(mlp.name) in (parent for parent in model.modules() if mlp.up in parent.children())
    with torch.no_grad():
        model(torch.arange(2, 14).reshape(2, 6))
    for mlp in mlps:
        made = mlp.activation(seen["pre", mlp.layer])
        assert (mlp.gate is None) == ("gate_proj" not in FIRST[kind][0])
        torch.testing.assert_close(seen["down", mlp.layer], made if mlp.gate is None else made * seen["up", mlp.layer])
        assert mlp.pre is (mlp.up if mlp.gate is None else mlp.gate)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "opt"])
def test_batch_size_and_padding_side_change_nothing(kind: str) -> None:
    model = model_of(kind)
    whole = probed(model, batch_size=100)
    for batch_size, side in itertools.product([1, 3, 4], ["left", "right"]):
        tokenizer().padding_side = side
        assert probed(model, batch_size=batch_size) == whole
    tokenizer().padding_side = "left"
    assert not any(module._forward_hooks for module in model.modules())


def test_order_of_languages_changes_no_number() -> None:
    model = model_of("qwen3")
    whole = {(row["layer"], row["language"]): row for row in probed(model)}
    turned = probed(model, sorted(ROWS, key=lambda row: row["language"]), languages=LANGUAGES[::-1])
    assert [row["language"] for row in turned[:4]] == LANGUAGES[::-1]
    # A variance is summed in the order of the languages, so its last bits may differ.
    assert_close(turned, [whole[row["layer"], row["language"]] for row in turned], rel=1e-12)


def test_questions_of_other_benchmarks_languages_and_beyond_the_limit_do_not_count() -> None:
    model = model_of("llama")
    others = [*question_rows(5, [*LANGUAGES], "other"), *({**row, "language": "fr"} for row in ROWS)]
    mixed = [row for pair in itertools.zip_longest(ROWS, others) for row in pair if row]
    assert probed(model, mixed, questions=6) == probed(model, list(question_rows(6))) != probed(model)
    assert probed(model, mixed) == probed(model) == probed(model, questions=50)
    assert {row["questions"] for row in probed(model, questions=6)} == {6}


def test_special_tokens_are_not_read() -> None:
    model, beginning = model_of("llama"), copy.deepcopy(tokenizer())
    special = [("<|user|>", beginning.convert_tokens_to_ids("<|user|>"))]
    beginning.backend_tokenizer.post_processor = TemplateProcessing(single="<|user|> $A", special_tokens=special)
    assert beginning("ab")["input_ids"] == [special[0][1], *tokenizer()("ab")["input_ids"]]
    assert probe(model, beginning, question_batches(ROWS, OPTIONS), OPTIONS) == probed(model)


def test_without_english_there_is_no_overlap_and_without_two_questions_no_stability() -> None:
    rows = probed(model_of("llama"), languages=["de", "th"])
    assert {row["overlap"] for row in rows} == {None} and rows[0]["stability"] is not None
    assert {row["overlap"] for row in probed(model_of("llama"), active_share=1.0)} == {None}
    assert {row["stability"] for row in probed(model_of("llama"), questions=1)} == {None}


def test_languages_that_read_the_same_do_not_differ() -> None:
    rows = [{**row, "language": language} for row in question_rows(6, ["en"]) for language in LANGUAGES]
    for row in probed(model_of("llama"), rows):
        assert (row["msd"], row["msd_neurons"], row["overlap"], row["stability"]) == (0, 0, 1, None)


@given(
    st.lists(st.sampled_from(LANGUAGES), min_size=2, max_size=4, unique=True),
    *(st.integers(1, 9), st.integers(1, 5), st.none() | st.integers(1, 9), st.randoms()),
)
def test_batches_hold_every_question_once_in_order(
    languages: list[str], count: int, batch_size: int, limit: int | None, rng: random.Random
) -> None:
    rows = [row for row in question_rows(count) if row["language"] in languages]
    rng.shuffle(languages)
    if rng.random() < 0.5:  # by language instead of by id
        rows.sort(key=lambda row: row["language"])
    options = OPTIONS | {"languages": languages, "questions": limit, "batch_size": batch_size}
    pending = dict.fromkeys(languages, 0)

    def counted() -> Iterator[dict[str, Any]]:
        for row in rows:
            pending[row["language"]] += 1
            yield row

    found: dict[str, list[str]] = {language: [] for language in languages}
    for language, texts in question_batches(counted(), options):
        found[language] += texts
        assert 1 <= len(texts) <= batch_size
        assert all(pending[k] - len(found[k]) <= batch_size for k in languages) or limit is not None
    for language in languages:
        assert found[language] == [row["question"] for row in rows if row["language"] == language][:limit]


def test_a_language_without_questions_and_unequal_questions_are_errors() -> None:
    model = model_of("llama")
    with pytest.raises(ValueError, match=r"^no 'mini' questions in fr; see slam.languages$"):
        probed(model, languages=[*LANGUAGES, "fr"])
    with pytest.raises(ValueError, match=r"^no 'mgsm' questions in de, en, sw, th; see"):
        probed(model, benchmark="mgsm")
    with pytest.raises(ValueError, match=r"same questions in the same order \(questions: de 11, en 11, sw 11, th 10\)"):
        probed(model, ROWS[:-1])
    renamed = [{**row, "id": "q99"} if row is ROWS[1] else row for row in ROWS]
    with pytest.raises(ValueError, match="'mini' is not parallel"):
        probed(model, renamed)
    with pytest.raises(ValueError, match="as many questions in each language, at least one; it read: de 1, en 2"):
        probe(model, tokenizer(), [("de", ["ab"]), ("en", ["a", "b"])], OPTIONS | {"languages": ["de", "en"]})


def test_questions_that_are_too_long_or_empty_are_errors() -> None:
    lengths = {(len(tokenizer()(row["question"])["input_ids"]), row["language"]) for row in ROWS}
    longest, language = max(lengths)
    assert probed(model_of("gpt2", max_position_embeddings=longest))
    message = f"a question in '{language}' has {longest} tokens, but the model's context holds {longest - 1}"
    with pytest.raises(ValueError, match=message):
        probed(model_of("gpt2", max_position_embeddings=longest - 1))
    empty = [{**row, "question": ""} if row is ROWS[2] else row for row in ROWS]
    with pytest.raises(ValueError, match="a question in 'sw' has no tokens"):
        probed(model_of("llama"), empty)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_broken_activations_name_layer_and_language(value: float) -> None:
    model = model_of("llama")
    only = set(map(tuple, (tokenizer()(row["question"])["input_ids"] for row in ROWS if row["language"] == "th")))
    others = {token for row in ROWS if row["language"] != "th" for token in tokenizer()(row["question"])["input_ids"]}
    token = next(token for ids in only for token in ids if token not in others)
    real = model.model.layers[1].mlp.gate_proj
    seen: list[torch.Tensor] = []
    model.model.register_forward_pre_hook(lambda _, args, kwargs: seen.append(kwargs["input_ids"]), with_kwargs=True)

    def spoil(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        output[:, :, 3] = torch.where(seen[-1] == token, value, output[:, :, 3])
        return output

    real.register_forward_hook(spoil)
    with pytest.raises(ValueError) as error:
        probed(model)
    assert str(error.value).startswith(
        "layer 1 (model.layers.1.mlp) has NaN or infinite activations on questions in 'th'"
    )
    assert len(str(error.value).splitlines()) == 1
    assert len(real._forward_hooks) == 1, "the probe leaves no hook behind"


def test_padding_may_hold_anything() -> None:
    """What stands at padding is no activation: neither counted nor complained about."""
    model, masks = model_of("llama"), []
    whole = probed(model)
    model.model.register_forward_pre_hook(lambda _, args, kw: masks.append(kw["attention_mask"]), with_kwargs=True)

    def spoil(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        return torch.where(masks[-1][:, :, None] == 1, output, math.nan)

    model.model.layers[LAYERS - 1].mlp.gate_proj.register_forward_hook(spoil)
    assert probed(model) == whole
    assert not all(mask.all() for mask in masks)


@pytest.mark.parametrize(
    ("kind", "changes", "parts"),
    [
        ("phi3", {}, "mlp.gate_up_proj, mlp.down_proj"),
        ("qwen2_moe", {"num_experts": 4, "moe_intermediate_size": 8}, "mlp.experts, mlp.shared_expert"),
        ("bert", {"is_decoder": True}, "intermediate.dense"),
        ("mamba", {"state_size": 4}, "mixer.in_proj"),
    ],
)
def test_an_unknown_block_is_named_with_its_modules(kind: str, changes: dict[str, Any], parts: str) -> None:
    with pytest.raises(ValueError) as error:
        decoder_mlps(model_of(kind, **changes))
    message = str(error.value)
    assert message.startswith(f"{type(model_of(kind, **changes)).__name__}: layer 0 has no one feed-forward block")
    assert parts in message and "gate_proj/up_proj/down_proj" in message and len(message.splitlines()) == 1


def test_experts_beside_a_block_and_a_matrix_too_many_are_errors() -> None:
    model = model_of("llama")
    model.model.layers[2].mlp.router = torch.nn.Linear(16, 4)
    with pytest.raises(ValueError, match="LlamaForCausalLM: layer 2 has no one feed-forward block .* mlp.router"):
        decoder_mlps(model)
    model = model_of("llama")
    model.model.layers[1].experts = torch.nn.ModuleList([torch.nn.Linear(16, 4)])
    with pytest.raises(ValueError, match="layer 1 has no one feed-forward block"):
        decoder_mlps(model)
    model = model_of("llama")
    del model.model.layers[0]
    with pytest.raises(ValueError, match=r"no list of 3 layers among its modules \(embed_tokens, layers"):
        decoder_mlps(model)


@pytest.mark.parametrize(
    ("layers", "hidden", "width", "share", "with_gate"), [(32, 4096, 11008, 8.03, 12.0), (40, 5120, 13824, 6.53, 9.8)]
)
def test_six_layers_of_llama_2_are_the_papers_share(
    layers: int, hidden: int, width: int, share: float, with_gate: float
) -> None:
    """The paper's 6.5-8 % of 13B and 7B parameters (arXiv 2501.03681) are up and down of 6 layers, without the gate."""
    config = LlamaConfig(
        vocab_size=32000, hidden_size=hidden, intermediate_size=width, num_hidden_layers=layers,
        num_attention_heads=hidden // 128, tie_word_embeddings=False,
    )  # fmt: skip
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    total = sum(parameter.numel() for parameter in model.parameters())
    chosen = decoder_mlps(model)[:6]
    tuned = sum(matrix.weight.numel() for mlp in chosen for matrix in (mlp.up, mlp.down))
    gates = sum(mlp.gate.weight.numel() for mlp in chosen if mlp.gate is not None)
    assert all(parameter.device.type == "meta" for parameter in model.parameters())
    for gate, count in ((False, tuned), (True, tuned + gates)):
        freeze_but(model, list(range(6)), gate)
        assert sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad) == count
    assert round(100 * tuned / total, 2) == share
    assert round(100 * (tuned + gates) / total, 1) == with_gate


MEMORY = """
import itertools, json, re, sys
sys.path.insert(0, sys.argv[1])
from test_slam_probe import *

def peak():  # of this process alone: ru_maxrss starts with what the parent had when it forked
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

def run(count):
    rows = ({**row, "question": "a" * 40} for row in question_rows(count, ["de", "en"]))
    options = OPTIONS | {"languages": ["de", "en"], "batch_size": 8}
    assert {row["questions"] for row in probe(model, tokenizer(), question_batches(rows, options), options)} == {count}
    return peak()

model = model_of("llama", intermediate_size=3072)
few, many = run(32), run(320)
kept = []
for mlp in decoder_mlps(model):
    mlp.pre.register_forward_hook(lambda _, args, output: kept.append(output > 0))
print(json.dumps([few, many, run(320)]))
"""


def test_ten_times_the_questions_take_no_more_memory() -> None:
    """Peak memory of a process; the same probe that keeps a bit of every activation, as a byte, breaks the bound."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(Path(__file__).parent)], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert not done.returncode, done.stderr
    few, many, keeping = json.loads(done.stdout)
    assert many <= 1.1 * few < keeping


def run_script(name: str, *arguments: object) -> int:
    return runpy.run_path(str(ROOT / "workflow" / "scripts" / name))["main"]([*map(str, arguments)])


def test_the_scripts_probe_and_choose_and_leave_nothing_half_written(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    model = model_of("llama").float()
    model.save_pretrained(tmp_path / "model")
    tokenizer().save_pretrained(tmp_path / "model")
    questions, out, layers = (tmp_path / name for name in ("questions.parquet", "out/probe.parquet", "out/layers.json"))
    write_rows(questions, ROWS, QUESTION)
    given = ["slam_probe.py", "--model", tmp_path / "model", "--questions", questions, "--out", out, "--options"]
    assert run_script(*given, json.dumps(OPTIONS | {"languages": ["en", "fr"]})) == 1 and not out.parent.exists()
    message = f"slam_probe: {tmp_path}/model on {questions}: no 'mini' questions in fr; see slam.languages"
    assert capsys.readouterr().err.splitlines()[-1] == message
    assert run_script(*given, json.dumps(OPTIONS)) == 0
    assert pq.read_schema(out).equals(PROBE)
    rows = list(read_rows(out))
    assert_close(rows, probed(model), rel=1e-3)

    given = ["slam_select.py", "--probe", out, "--seed", 1, "--out", layers, "--options"]
    assert run_script(*given, "[0, 3]") == 1 and [path.name for path in out.parent.iterdir()] == [out.name]
    message = f"slam_select: {out}: layers: 3 is none of the model's, which has the layers 0 to 2"
    assert capsys.readouterr().err.splitlines()[-1] == message
    assert run_script(*given, json.dumps({"choose": "highest", "by": "msd", "threshold": 0.5, "count": 2})) == 0
    msd = {row["layer"]: row["msd"] for row in rows}
    assert json.loads(layers.read_text())["layers"] == sorted(sorted(msd, key=lambda layer: -msd[layer])[:2])
