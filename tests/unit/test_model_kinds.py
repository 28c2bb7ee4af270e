"""What pretrained models have and the miniature's do not, each on a tiny model of that kind."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
from tokenizers.processors import TemplateProcessing
from transformers import AutoConfig, AutoModelForCausalLM

from vernacular.evaluation.generate import Answers, answers_of
from vernacular.evaluation.options import GenerationOptions
from vernacular.evaluation.resume import all_rows
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.judge import judge
from vernacular.models.packing import collate, encode_examples, head_loss, pack, take_apart
from vernacular.models.pretrain import build_model, train_tokenizer

QUESTIONS = [
    {"id": f"q{n}", "language": "fr", "kind": "math", "choices": None, "answer": "1"}
    | {"question": f"Anna a {n} pommes et en achète encore. " * (1 + n % 3)}
    for n in range(8)
]
OPTIONS = GenerationOptions(["fr"], max_new_tokens=20, samples=1, temperature=0, batch_tokens=20_000)
WINDOW = 16  # tokens; prompts here have more than twice as many


@cache
def tokenizer() -> Any:
    return train_tokenizer([row["question"] for row in QUESTIONS], 320)


@cache
def model(kind: str) -> Any:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    options: dict[str, Any] = {
        "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 2,
        "num_key_value_heads": 1, "max_position_embeddings": 512, "initializer_range": 0.3,
    }  # fmt: skip
    if kind == "gemma3_text":
        layers = ["sliding_attention", "full_attention", "sliding_attention"]
        options |= {"head_dim": 16, "sliding_window": WINDOW, "layer_types": layers, "query_pre_attn_scalar": 16}
    made: Any = build_model({"model_type": kind, **options}, tokenizer()).eval()
    return made


def asked(kind: str, words: Any = None, **changes: Any) -> Answers:
    return answers_of(model(kind), words or tokenizer(), QUESTIONS, replace(OPTIONS, **changes), 1)


def completions(kind: str, **changes: Any) -> list[tuple[str, str]]:
    return [(row["completion"], row["finish_reason"]) for row in all_rows(asked(kind, **changes))]


def test_a_sliding_window_forgets_the_same_in_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Greedy, as without a cache; rows leave the batch, whose windowed layers keep their last tokens alone."""
    answers = asked("gemma3_text")
    requests = [request for batch in answers.batches for request in batch.requests]
    assert min(len(request.ids) for request in requests) > 2 * WINDOW
    greedy: dict[str, list[int]] = {}
    for request in requests:
        made = greedy[request.question["id"]] = []
        while len(made) < 20:
            with torch.inference_mode():
                logits = model("gemma3_text")(torch.tensor([request.ids + made]), use_cache=False).logits
            made.append(int(logits[0, -1].argmax()))
    rare = [token for made in greedy.values() for token in made if not all(token in one for one in greedy.values())]
    end = rare[0]  # at which some of them end early
    monkeypatch.setattr(model("gemma3_text").generation_config, "eos_token_id", [tokenizer().eos_token_id, end])
    wanted = {}
    for name, made in greedy.items():
        kept = made[: made.index(end) + 1] if end in made else made
        wanted[name] = (tokenizer().decode(kept, skip_special_tokens=True), "stop" if end in made else "length")
    assert completions("gemma3_text") == [wanted[row["id"]] for row in QUESTIONS]
    assert completions("gemma3_text", batch_tokens=300) == completions("gemma3_text")
    assert {reason for _, reason in wanted.values()} == {"stop", "length"}


@pytest.mark.parametrize("kind", ["llama", "gemma3_text"])
def test_packed_rows_with_a_window_are_as_good_as_single_ones(kind: str) -> None:
    """Whole, by their positions, and taken apart; each example sees its own last tokens."""
    rows = [
        {"prompt": row["question"], "completion": "<think>\nTrois.\n</think>\n3", "context": None} for row in QUESTIONS
    ]
    examples = encode_examples(tokenizer(), rows)
    batch = collate(pack(examples, 256, tokenizer().pad_token_id, 1))
    labels, body, head = batch.pop("labels"), model(kind).base_model, model(kind).get_output_embeddings()

    def loss(parts: list[Any]) -> float:
        found = [(body(**inputs, use_cache=False).last_hidden_state[:, :-1], wanted[:, 1:]) for wanted, inputs in parts]
        states = torch.cat([states[wanted != -100] for states, wanted in found])
        return float(head_loss(head, states, torch.cat([wanted[wanted != -100] for _, wanted in found])))

    def alone(ids: list[int], prompt: int) -> Any:
        return torch.tensor([[-100] * prompt + ids[prompt:]]), {"input_ids": torch.tensor([ids])}

    with torch.no_grad():
        single = loss([alone(*example) for example in examples])
        assert loss([(labels, batch)]) == pytest.approx(single, rel=1e-4)
        assert loss(take_apart(labels, batch)) == pytest.approx(single, rel=1e-4)


SYSTEM = (  # as SmolLM2's: a system turn that nobody asked for, and no `<think>`
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|user|>system\nYou are a helpful assistant.<|end|>\n' }}{% endif %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def test_a_template_with_a_system_prompt_of_its_own_and_no_thinking(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the system turn is learnt; the trace is learnt as it is written, and read as the whole completion."""
    monkeypatch.setattr(tokenizer(), "chat_template", SYSTEM)
    row = {"prompt": "1 + 1 ?", "completion": "<think>\nDeux.\n</think>\n\\boxed{2}", "context": None}
    [(ids, prompt)] = encode_examples(tokenizer(), [row])
    assert tokenizer().decode(ids[:prompt]) == (
        "<|user|>system\nYou are a helpful assistant.<|end|>\n<|user|>1 + 1 ?<|end|>\n<|assistant|>"
    )
    assert tokenizer().decode(ids[prompt:]) == "<think>\nDeux.\n</think>\n\\boxed{2}<|end|>\n"
    for answer in all_rows(asked("llama")):
        assert answer["prompt"].startswith("<|user|>system\nYou are a helpful assistant.")
        assert answer["trace"] == answer["completion"].strip()


def test_a_tokenizer_that_begins_texts_does_not_begin_a_chat_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gemma's and LLaMA's tokenizers put a token before a text, and their templates write it too."""
    words: Any = train_tokenizer([row["question"] for row in QUESTIONS], 320)
    words.bos_token = "<|pad|>"
    words.backend_tokenizer.post_processor = TemplateProcessing(
        single="<|pad|> $A", special_tokens=[("<|pad|>", words.bos_token_id)]
    )
    words.chat_template = "{{ bos_token }}" + words.chat_template
    assert words("a")["input_ids"][0] == words.bos_token_id
    requests = [request for batch in asked("llama", words).batches for request in batch.requests]
    row = {"prompt": "1 + 1 ?", "completion": "2", "context": None}
    for ids in [request.ids for request in requests] + [ids for ids, _ in encode_examples(words, [row])]:
        assert ids[0] == words.bos_token_id and ids.count(words.bos_token_id) == 1


@pytest.mark.parametrize("temperature", [0.0, 0.9])
def test_sampling_defaults_of_a_hub_change_no_answer(temperature: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Qwen3's and Gemma's generation configurations sample, at a temperature and among some tokens of their own."""
    ours = completions("llama", temperature=temperature)
    for name, value in {"do_sample": True, "temperature": 0.01, "top_k": 1, "top_p": 0.1, "min_p": 0.9}.items():
        monkeypatch.setattr(model("llama").generation_config, name, value)
    assert completions("llama", temperature=temperature) == ours


def test_a_character_that_is_cut_between_its_bytes_is_of_no_language() -> None:
    """At the most tokens of an answer byte-level tokens end anywhere: what is left of a character is no letter."""
    text = "これは三つの林檎です。それから二つ買いました。"
    ids = tokenizer()(text, add_special_tokens=False)["input_ids"]
    cut = tokenizer().decode(ids[:-1])
    assert len(ids) > 2 * len(text) and cut.endswith("\ufffd")
    identifier = LanguageIdentifier(["en", "ja", "fr"])
    [whole, part] = judge([text, cut], ["ja", "ja"], identifier, "lines")
    assert whole.native and part.native and part.foreign_line == whole.foreign_line
    assert part.trace_language == "ja" and part.switched_lines == whole.switched_lines == 0


def test_the_loss_of_a_head_of_a_quarter_of_a_million_words() -> None:
    """Gemma's, tied to the embeddings: in pieces it is what all logits at once give, and so is its gradient."""
    config = AutoConfig.for_model(
        "gemma3_text", vocab_size=262_144, hidden_size=8, intermediate_size=8, num_hidden_layers=1,
        num_attention_heads=1, num_key_value_heads=1, head_dim=8, tie_word_embeddings=True,
    )  # fmt: skip
    torch.manual_seed(0)
    made = AutoModelForCausalLM.from_config(config)
    head = made.get_output_embeddings()
    assert head.weight is made.get_input_embeddings().weight
    hidden, wanted = torch.randn(20, 8), torch.randint(262_144, (20,))
    found = head_loss(head, hidden, wanted)
    whole = torch.nn.functional.cross_entropy(head(hidden), wanted)
    torch.testing.assert_close(found, whole)
    gradients = [torch.autograd.grad(loss, head.weight)[0] for loss in (found, whole)]
    torch.testing.assert_close(*gradients)
