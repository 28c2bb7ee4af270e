"""What breaks on models of the hub is an error before anything is trained."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from rewards import OPTIONS
from scripts import run_script
from tiny_jobs import job_of, write_llama
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import GRPOTrainer

from vernacular.adamame import grpo
from vernacular.adamame.grpo import train_grpo
from vernacular.adamame.options import PromptsOptions
from vernacular.adamame.reward import AlignmentReward
from vernacular.adamame.sft import train_sft
from vernacular.models import parents
from vernacular.models.chats import prompt_sizes
from vernacular.models.finetune import finetune
from vernacular.models.loop import train
from vernacular.storage.records import QUESTION, write_rows

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
    shape = {"num_hidden_layers": 1, "max_position_embeddings": 256, "tie_word_embeddings": True}
    return write_llama(folder, ROWS, 300, **shape)


def finetuned(parent: Path, folder: Path, lora: dict[str, Any]) -> Path:
    training = {"max_steps": 3, "per_device_train_batch_size": 2, "learning_rate": 0.1}
    recipe = {"threads": 1, "length": 128, "overlong": "truncate", "compile": False, "training": training}
    job = job_of({**recipe, "lora": {"r": 4, **lora}}, folder, parent=parent)
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


def trained_by_grpo(parent: Path, folder: Path, rows: list[dict[str, Any]] | None = None, **more: Any) -> Path:
    training = {"max_steps": 1, "per_device_train_batch_size": 2, "num_generations": 2, "max_completion_length": 8}
    training |= {"loss_type": "grpo", "bf16": False}
    identifier = {"languages": ["en", "fr"]}
    recipe = {"prompts": 1, "alignment": OPTIONS, "identifier": identifier, "training": training, "threads": 1}
    job = job_of({**recipe, "prompt_tokens": None, **more}, folder, parent=parent)
    train_grpo(job, [PROMPT] if rows is None else rows)
    return job.out


def test_a_response_template_that_hides_the_thinking_is_refused(parent: Path, tmp_path: Path) -> None:
    hidden = with_template(parent, tmp_path / "hidden", "rationale")
    with pytest.raises(ValueError, match=r"every reward would be 0; take `response_template`") as told:
        trained_by_grpo(hidden, tmp_path / "grpo")
    assert str(hidden) in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize("field", ["reasoning_content", "thinking"])
def test_a_response_template_of_a_usual_kind_is_trained_with(parent: Path, tmp_path: Path, field: str) -> None:
    trained_by_grpo(with_template(parent, tmp_path / "usual", field), tmp_path / "grpo")
    assert (tmp_path / "grpo/tuned/history.csv").exists()


def test_rollouts_are_made_in_parts_of_like_length(
    parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Greedy ones are those of a whole generation batch, in its order; the training takes the parts."""
    rows = [{**PROMPT, "id": f"q{n}", "question": "1 + 1 ? " * (1 + n % 3 * 4)} for n in range(6)]
    training = {"max_steps": 1, "per_device_train_batch_size": 12, "num_generations": 2, "max_completion_length": 8}
    training |= {"loss_type": "grpo", "bf16": False, "generation_kwargs": {"do_sample": False}}
    parts: list[list[int]] = []
    made: dict[int | None, Any] = {}
    whole = GRPOTrainer._generate_single_turn

    def recorded(self: Any, prompt_ids: list[list[int]], *arguments: Any) -> Any:
        parts.append([len(ids) for ids in prompt_ids])
        return whole(self, prompt_ids, *arguments)

    generate = grpo.Trainer._generate_single_turn

    def kept(self: Any, prompt_ids: list[list[int]], *arguments: Any) -> Any:
        made[self.batch_tokens] = ([list(ids) for ids in prompt_ids], generate(self, prompt_ids, *arguments)[0])
        return made[self.batch_tokens][1], None

    monkeypatch.setattr(GRPOTrainer, "_generate_single_turn", recorded)
    monkeypatch.setattr(grpo.Trainer, "_generate_single_turn", kept)
    for most in (None, 200):
        trained_by_grpo(parent, tmp_path / str(most), rows, prompts=6, training=training, batch_tokens=most)
    assert made[None] == made[200] and len({tuple(ids) for ids in made[None][1]}) > 1
    first, *others = parts
    assert len(first) == 12 and sum(map(len, others)) == 12 and len(others) > 2
    assert all(len(part) * (max(part) + 8) <= 200 or len(part) == 1 for part in others)
    assert [size for part in others for size in part] == sorted(first, reverse=True)


def notes(folder: Path) -> list[str]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["notes"]


def test_prompts_are_at_most_so_many(parent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """How many the difficulty filter leaves is known only after GPUs have been spent: fewer are no error, none is."""
    rows = [{**PROMPT, "id": f"q-{n}", "question": "1 + 1 ? " * (1 + 20 * (n == 2))} for n in range(3)]
    assert notes(trained_by_grpo(parent, tmp_path / "enough", rows, prompts=3)) == []
    fewer = "RL prompts: 3; `prompts` allows 40, but no more were left."
    assert notes(trained_by_grpo(parent, tmp_path / "fewer", rows, prompts=40)) == [fewer]
    assert f"tuned: {fewer}\n" in capsys.readouterr().out
    most = prompt_sizes(AutoTokenizer.from_pretrained(parent), rows)[0]
    assert notes(trained_by_grpo(parent, tmp_path / "short", rows, prompts=3, prompt_tokens=most)) == [
        f"Of 3 rows 1 were longer than {most} tokens of prompt: 0 were cut, 1 left out.",
        "RL prompts: 2; `prompts` allows 3, but no more were left.",
    ]
    with pytest.raises(ValueError, match=r"data: no RL prompts are left to train on; change"):
        trained_by_grpo(parent, tmp_path / "none", [])


@pytest.mark.parametrize("form", ["correct-only", "multiplicative"])
def test_advantages_that_are_changed_after_the_z_score_reach_the_loss(
    parent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Each at the completion that it belongs to, whatever TRL shuffles; of the other forms nothing is changed."""
    texts: list[str] = []
    found: dict[str, float] = {}
    score, loss = AlignmentReward.__call__, GRPOTrainer._compute_loss
    tokenizer = AutoTokenizer.from_pretrained(parent)

    def scored(self: Any, completions: Any, *args: Any, **options: Any) -> Any:
        texts.extend(completion[-1]["content"] for completion in completions)
        return score(self, completions, *args, **options)

    def seen(self: Any, model: Any, inputs: Any) -> Any:
        for ids, advantage in zip(inputs["completion_ids"], inputs["advantages"].tolist(), strict=True):
            found[tokenizer.decode(ids, skip_special_tokens=True)] = advantage
        return loss(self, model, inputs)

    monkeypatch.setattr(AlignmentReward, "__call__", scored)
    monkeypatch.setattr(AlignmentReward, "adjusted", lambda self, advantages: [a + n for n, a in enumerate(advantages)])
    monkeypatch.setattr(GRPOTrainer, "_compute_loss", seen)
    training = {"max_steps": 1, "per_device_train_batch_size": 4, "num_generations": 4, "max_completion_length": 8}
    training |= {"loss_type": "grpo", "bf16": False}
    trained_by_grpo(parent, tmp_path / "grpo", alignment={**OPTIONS, "form": form}, training=training)
    assert len({*texts}) == 4  # all wrong, so that each has the z-score 0
    assert found == {text: float(n * (form == "correct-only")) for n, text in enumerate(texts)}


def test_prompts_that_are_too_long_are_left_out_before_anything_is_generated(
    parent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    question = {"benchmark": "b", "kind": "math", "language": "fr", "choices": None, "answer": "2"}
    rows = [{**question, "id": f"q-{n}", "question": "1 + 1 ? " * (1 + 20 * (n > 1))} for n in range(5)]
    write_rows(tmp_path / "questions.parquet", rows, QUESTION)
    most = prompt_sizes(AutoTokenizer.from_pretrained(parent), rows)[0]
    wanted = [
        "2 questions, 3 of 5 being longer than",
        "2 samples each; a training takes at most 9",
        "fewer than `prompts`",
    ]
    for limit, said in ((most, wanted), (most - 1, ["no questions to ask; widen `rl.hash_range`"])):
        options = PromptsOptions("b", ["fr"], [0.0, 1.0], 2, 1.0, 4, 2, prompt_tokens=limit)
        arguments = ["--model", parent, "--questions", tmp_path / "questions.parquet", "--options", options.to_json()]
        out = ["--seed", 1, "--wanted", 9, "--out", tmp_path / "prompts.parquet"]
        assert run_script("make_rl_prompts", *arguments, *out) == 1
        told = capsys.readouterr()
        assert all(part in told.out + told.err for part in said), told
        assert ("2 prompts 0 are solved sometimes" in told.err) == (limit == most)


def test_no_prompt_that_is_solved_sometimes_is_one_line(
    parent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model of random weights solves nothing; no training is to find that out later."""
    question = {"id": "q", "benchmark": "b", "kind": "math", "language": "fr", "question": "1 + 1 ?", "choices": None}
    write_rows(tmp_path / "questions.parquet", [{**question, "answer": "2"}], QUESTION)
    options = PromptsOptions("b", ["fr"], [0.0, 1.0], candidates=2, temperature=1.0, max_new_tokens=4, batch_tokens=100)
    arguments = ["--model", parent, "--questions", tmp_path / "questions.parquet", "--options", options.to_json()]
    assert run_script("make_rl_prompts", *arguments, "--seed", 1, "--out", tmp_path / "prompts.parquet") == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"{parent}: of 1 prompts 0 are solved sometimes, 1 never, 0 always: nothing to train on; widen" in said
    assert not (tmp_path / "prompts.parquet").exists()


def test_traces_that_sft_cuts_are_counted(parent: Path, tmp_path: Path) -> None:
    """TRL cuts them at `max_length` without a word, and leaves out those whose prompts are as long."""
    trace = {"language": "fr", "answer": "2", "source": "s", "flaw": None, "trace": "", "response": ""}
    asked = [{**trace, "id": "short", "question": "1 ?", "completion": "2\n</think>\n\\boxed{2}"}]
    asked += [{**asked[0], "id": "long", "completion": "1 + 1 = 2 " * 40}, {**asked[0], "question": "1 + 1 ? " * 90}]
    training = {"max_steps": 1, "per_device_train_batch_size": 1, "bf16": False}

    def trained(length: int | None) -> list[str]:
        recipe = {"threads": 1, "training": {**training, "max_length": length}}
        job = job_of(recipe, tmp_path / str(length), parent=parent)
        train_sft(job, asked)
        return notes(job.out)

    assert trained(None) == trained(2000) == []
    length = prompt_sizes(AutoTokenizer.from_pretrained(parent), asked)[0] + 60
    wanted = (
        f"Of 3 traces 1 reach {length} tokens (`max_length`), where they are cut, and 1 were left out, whose prompts"
    )
    assert trained(length) == [f"{wanted} do."]
