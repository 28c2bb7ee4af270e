"""What breaks on models of the hub is an error before anything is trained."""

from pathlib import Path
from typing import Any

import pytest
import torch
from rewards import OPTIONS
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from vernacular.adamame.grpo import train_grpo
from vernacular.models import parents
from vernacular.models.finetune import finetune
from vernacular.models.job import Job
from vernacular.models.loop import train
from vernacular.models.pretrain import train_tokenizer

ROWS = [
    {"id": f"q-{n}", "language": "fr", "task": "reasoning", "question": f"{n} + 1 ?", "context": None}
    | {"prompt": f"{n} + 1 ?", "completion": f"<think>\n{n} plus 1\n</think>\n\\boxed{{{n + 1}}}"}
    for n in range(20)
]
PROMPT = {"id": "q", "language": "fr", "question": "1 + 1 ?", "answer": "2", "correct": 1}


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose input and output embeddings are one matrix, as those of Qwen3-4B and Gemma 3 are."""
    folder = tmp_path_factory.mktemp("hub") / "parent"
    torch.set_num_threads(1)
    torch.manual_seed(1)
    tokenizer = train_tokenizer((row["prompt"] + row["completion"] for row in ROWS), 300)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=256, eos_token_id=tokenizer.eos_token_id,
        tie_word_embeddings=True, initializer_range=0.2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def job_of(parent: Path, folder: Path, **recipe: Any) -> Job:
    inputs = {"parent": parent, "data": folder / "data"}
    job = Job(recipe, "code", 1, inputs, folder / "tuned", folder / "costs.csv", folder / "checkpoints", {}, "key", 2)
    job.folder.mkdir(parents=True)
    return job


def finetuned(parent: Path, folder: Path, lora: dict[str, Any]) -> Path:
    training = {"max_steps": 3, "per_device_train_batch_size": 2, "learning_rate": 0.1}
    recipe = {"threads": 1, "length": 128, "overlong": "truncate", "compile": False, "training": training}
    job = job_of(parent, folder, **recipe, lora={"r": 4, **lora})
    finetune(job, ROWS)
    return job.out


@pytest.mark.parametrize(
    ("modules", "side"),
    [(["q_proj", "lm_head"], "output"), (["q_proj", "embed_tokens"], "input"), (".*(up_proj|lm_head)", "output")],
    ids=str,
)
def test_adapters_on_shared_embeddings_are_refused(parent: Path, tmp_path: Path, modules: Any, side: str) -> None:
    """Merged, they change both ends at once: of a tiny model's tokens less than half were still the likeliest."""
    with pytest.raises(ValueError, match=rf"models.tuned.lora: target_modules adapts the {side} embeddings") as told:
        finetuned(parent, tmp_path, {"target_modules": modules})
    assert "\n" not in str(told.value) and "`modules_to_save`" in str(told.value)
    assert not (tmp_path / "tuned").exists()


@pytest.mark.parametrize("more", [{}, {"modules_to_save": ["embed_tokens", "lm_head"]}], ids=["all-linear", "saved"])
def test_the_weights_that_were_trained_are_those_that_are_saved(
    parent: Path, tmp_path: Path, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = torch.arange(40)[None]
    logits = []

    def watched(trainer: Any, *rest: Any) -> dict[str, float]:
        measured = train(trainer, *rest)
        with torch.no_grad():  # the body and the head that were trained, with their adapters
            logits.append(trainer.head(trainer.body(ids).last_hidden_state))
        return measured

    monkeypatch.setattr(parents, "train", watched)
    saved = finetuned(parent, tmp_path, {"target_modules": "all-linear", **more})
    start = AutoModelForCausalLM.from_pretrained(parent)(ids).logits
    after = AutoModelForCausalLM.from_pretrained(saved)(ids).logits
    torch.testing.assert_close(after, logits[0], atol=1e-4, rtol=1e-4)
    assert not torch.allclose(after, start, atol=0.1)


FIELDS = {"content": {"close_pattern": r"<\|end\|>\s*", "content": "text"}}


def with_template(parent: Path, folder: Path, thinking: str) -> Path:
    """A copy whose tokenizer has a response template that puts the thinking into the field `thinking` of a message."""
    AutoModelForCausalLM.from_pretrained(parent).save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(parent)
    field = {"open": "<think>", "close_pattern": r"</think>\s*", "content": "text"}
    tokenizer.response_template = {
        "defaults": {"role": "assistant"}, "start_anchor": "<|assistant|>", "fields": {thinking: field, **FIELDS}
    }  # fmt: skip
    tokenizer.save_pretrained(folder)
    return folder


def trained_by_grpo(parent: Path, folder: Path) -> None:
    training = {"max_steps": 1, "per_device_train_batch_size": 2, "num_generations": 2, "max_completion_length": 8}
    training |= {"loss_type": "grpo", "bf16": False}
    identifier = {"languages": ["en", "fr"]}
    recipe = {"prompts": 1, "alignment": OPTIONS, "identifier": identifier, "training": training, "threads": 1}
    train_grpo(job_of(parent, folder, **recipe), [PROMPT])


def test_a_response_template_that_hides_the_thinking_is_refused(parent: Path, tmp_path: Path) -> None:
    hidden = with_template(parent, tmp_path / "hidden", "rationale")
    with pytest.raises(ValueError, match=r"every reward would be 0; take `response_template`") as told:
        trained_by_grpo(hidden, tmp_path / "grpo")
    assert str(hidden) in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize("field", ["reasoning_content", "thinking"])
def test_a_response_template_of_a_usual_kind_is_trained_with(parent: Path, tmp_path: Path, field: str) -> None:
    trained_by_grpo(with_template(parent, tmp_path / "usual", field), tmp_path / "grpo")
    assert (tmp_path / "grpo/tuned/history.csv").exists()
