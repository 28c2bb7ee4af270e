"""Model folders that are wrong in every way we know end in one line, and none is taken: the mutations of make fuzz."""

import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from folder_files import rewrite
from fuzz_models import BASES, CAUSAL, MUTATIONS, SMALL, TALK, TEMPLATES, sound, try_folder
from safetensors.torch import load_file
from scripts import run_script
from transformers import AddedToken, AutoTokenizer
from wrong_files import BOMBS

from vernacular.evaluation.options import GenerationOptions
from vernacular.models.chats import PART, chat_texts
from vernacular.models.contents import FEW_LAYERS, check_contents
from vernacular.models.folders import load_model
from vernacular.storage.records import QUESTION, write_rows

SEEDS = 2


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_changed_folder_is_refused_or_as_good_as_before(name: str, base: str, tmp_path: Path) -> None:
    """try_folder fails where it is taken but must not be, and where the line does not name the folder."""
    for seed in range(SEEDS):
        line = try_folder(base, name, random.Random(f"{name} {base} {seed}"), "a wild text", tmp_path)
        assert name != "untouched" or line is None, line


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_bad_template_is_refused_when_something_is_asked(name: str, tmp_path: Path) -> None:
    for seed in range(SEEDS):
        assert try_folder("llama", name, random.Random(f"{name} {seed}"), "a wild text", tmp_path)


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    """A sound folder, to change."""
    try_folder("llama", "untouched", random.Random(0), "", tmp_path)
    return tmp_path / "model"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return AutoTokenizer.from_pretrained(Path(sound().name) / "llama")


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
def test_every_bomb_of_a_template_is_one_line(bomb: str, tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizer, "chat_template", bomb)
    with pytest.raises(ValueError, match="the chat template (cannot be used|leaves out what the user says)") as told:
        chat_texts(tokenizer, [TALK], opening=True)
    assert "\n" not in str(told.value) and str(tokenizer.name_or_path) in str(told.value)


def test_a_template_gives_what_transformers_gives(tokenizer: Any) -> None:
    talks = [
        TALK,
        [*TALK, {"role": "assistant", "content": "😀 trois"}],
        [{"role": "user", "content": " x \n"}],
    ]
    for opening in (False, True):
        wanted = tokenizer.apply_chat_template(talks, add_generation_prompt=opening, tokenize=False)
        assert chat_texts(tokenizer, talks, opening) == wanted
    assert chat_texts(tokenizer, []) == []
    many = [[{"role": "user", "content": f"問題 {number}" * 200}] for number in range(2 * PART + 1)]
    assert chat_texts(tokenizer, many) == tokenizer.apply_chat_template(many, tokenize=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda tensors: tensors.pop("lm_head.weight"), "its weights lack lm_head.weight"),
        (lambda tensors: tensors.update(more=torch.zeros(2)), "but its config does not name, more"),
        (lambda tensors: tensors["lm_head.weight"].fill_(torch.nan), "'lm_head.weight' hold NaN"),
        (lambda tensors: tensors.update({"lm_head.weight": tensors["lm_head.weight"].char()}), "are stored as I8"),
    ],
    ids=["missing", "unexpected", "nan", "int8"],
)
def test_the_line_says_what_is_wrong(change: Any, said: str, llama: Path) -> None:
    rewrite(llama, change)
    with pytest.raises(ValueError, match=said):
        load_model(llama, "float32")


def test_a_number_that_is_large_but_finite_is_no_fault(llama: Path) -> None:
    """Sums of them overflow."""
    rewrite(llama, lambda tensors: tensors["lm_head.weight"][:, 0].fill_(3e38))
    assert load_file(llama / "model.safetensors")["lm_head.weight"].sum().isinf()
    with pytest.raises(ValueError, match="what the model computes is not finite"):  # its logits overflow, though
        load_model(llama, "float32")


def test_a_thousand_million_layers_are_counted_not_built(llama: Path) -> None:
    text = (llama / "config.json").read_text()
    for layers, said in ((10**9, "more than the weights can hold"), (FEW_LAYERS, "its weights lack")):
        (llama / "config.json").unlink()
        (llama / "config.json").write_text(text.replace('"num_hidden_layers": 2', f'"num_hidden_layers": {layers}'))
        with pytest.raises(ValueError, match=said):
            load_model(llama, "float32")


def test_settings_of_a_model_do_not_multiply_its_answers(llama: Path) -> None:
    """Beams and sequences that a generation configuration asks for would mix up prompts and answers."""
    (llama / "generation_config.json").unlink()
    (llama / "generation_config.json").write_text('{"num_beams": 4, "num_return_sequences": 3, "eos_token_id": 1}')
    model, _ = load_model(llama, "float32")
    assert (model.generation_config.num_beams, model.generation_config.num_return_sequences) == (1, 1)


@pytest.mark.parametrize("special", [True, False])
def test_a_special_token_may_lie_beyond_the_embeddings(special: bool, llama: Path) -> None:
    """Gemma 3's text models share the tokenizer of those that see, whose last token is for images."""
    _, tokenizer = load_model(llama, "float32")
    tokenizer.add_tokens([AddedToken("<image>", special=special)], special_tokens=special)
    for path in llama.glob("tokenizer*"):
        path.unlink()
    tokenizer.save_pretrained(llama)
    if special:
        model, taken = load_model(llama, "float32")
        assert len(taken) == len(tokenizer) > model.get_input_embeddings().weight.shape[0]
    else:
        with pytest.raises(ValueError, match="it is not this model's tokenizer"):
            load_model(llama, "float32")


# --- Jobs -------------------------------------------------------------------------------------------------------------


def test_jobs_end_in_one_line(llama: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    questions, out = tmp_path / "questions.parquet", tmp_path / "out"
    row = {"id": "q", "benchmark": "b", "kind": "math", "language": "fr", "question": "1 + 1 ?", "answer": "2"}
    write_rows(questions, [row], QUESTION)
    asked = ["--model", llama, "--questions", questions, "--benchmark", "b", "--seed", 1, "--out", out]
    options = GenerationOptions(["fr"], 2, samples=2).to_json()
    assert run_script("generate", *asked, "--options", options) == 0
    out.unlink()
    capsys.readouterr()
    template = (llama / "chat_template.jinja").read_text()
    (llama / "chat_template.jinja").unlink()
    (llama / "chat_template.jinja").write_text("Hello!" + template.replace("message['content']", "'no'"))
    assert run_script("generate", *asked, "--options", options) == 1
    said = capsys.readouterr().err
    assert f"generate: {llama}: the chat template leaves out what the user says" in said and said.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("kind", ["fifo", "device", "nowhere", "folder"])
def test_a_folder_that_never_ends_is_not_taken_into_a_study(
    kind: str, llama: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Linked or copied, a FIFO would wait for ever and a device fill the disk."""
    odd = llama / "more"
    odd.mkdir()
    if kind == "fifo":
        os.mkfifo(odd / "x")
    else:
        (odd / "x").symlink_to({"device": "/dev/zero", "nowhere": "/no/where", "folder": "/usr"}[kind])
    assert run_script("fetch_folder", "--source", llama, "--out", tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert str(odd / "x") in said and said.count("\n") == 1 and not (tmp_path / "out").exists()


def test_a_model_of_another_study_keeps_its_time(llama: Path, tmp_path: Path) -> None:
    source = Path(shutil.copytree(llama, tmp_path / "source"))
    (source / ".snakemake_timestamp").touch()
    assert run_script("fetch_folder", "--source", source, "--out", tmp_path / "out") == 0
    left_out = {path.name for path in source.iterdir()} - {path.name for path in (tmp_path / "out").iterdir()}
    assert left_out == {".snakemake_timestamp"}


def test_what_a_folder_holds_is_read_from_its_headers(llama: Path) -> None:
    contents = check_contents(llama)
    tensors = load_file(llama / "model.safetensors")
    assert {name: one.shape for name, one in contents.tensors.items()} == {
        n: tuple(t.shape) for n, t in tensors.items()
    }
    assert contents.elements == sum(tensor.numel() for tensor in tensors.values())
    assert contents.config["hidden_size"] == SMALL["hidden_size"] and set(CAUSAL) < set(BASES)
