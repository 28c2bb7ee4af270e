"""The chat templates for hub models: every turn keeps its trace, and the model's own template is left where it was."""

import json
import multiprocessing
import sys
import time
from pathlib import Path

import jinja2
import psutil
import pytest
from scripts import run_script

from vernacular.language.prompts import CHAT_TEMPLATE, answer_message, join_completion
from vernacular.models import chats
from vernacular.models.provenance import checksums
from vernacular.study.check import CHAT_TEMPLATES

NAMES = sorted(path.stem for path in CHAT_TEMPLATES.glob("*.jinja"))
ASKED = {"role": "user", "content": "Combien ?"}
ANSWERED = answer_message(join_completion("Je compte.", "\\boxed{3}"))


def render(name: str, *messages: dict[str, str], opened: bool = False) -> str:
    text = (CHAT_TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8") if name else CHAT_TEMPLATE
    # As Transformers sets Jinja up.
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    tokens = {"bos_token": "<s>", "eos_token": "</s>"}
    return environment.from_string(text).render(messages=messages, add_generation_prompt=opened, **tokens)


@pytest.mark.parametrize("name", NAMES)
def test_a_turn_keeps_its_trace_and_follows_the_prompt(name: str) -> None:
    """What the model is asked is the beginning of what it learns, so that no token of the prompt is trained on."""
    whole, opened = render(name, ASKED, ANSWERED), render(name, ASKED, opened=True)
    assert whole.count("Combien ?") == 1 and ANSWERED["content"] in whole
    assert whole.startswith(opened)
    assert render(name, ASKED, ANSWERED, ASKED).count("Je compte.") == 1  # an earlier turn too


@pytest.mark.parametrize(
    ("name", "opened", "end"),
    [
        ("alpaca", "\n\n### Instruction:\nCombien ?\n\n### Response:", "</s>"),
        ("deepseek-r1", "<s><｜User｜>Combien ?<｜Assistant｜><think>\n", "<｜end▁of▁sentence｜>"),
        ("plain", "<s>Combien ?", "</s>"),
        ("qwen3", "<|im_start|>user\nCombien ?<|im_end|>\n<|im_start|>assistant\n<think>\n", "<|im_end|>\n"),
    ],
)
def test_templates_are_those_of_the_models(name: str, opened: str, end: str) -> None:
    assert NAMES == ["alpaca", "deepseek-r1", "plain", "qwen3"]
    assert render(name, ASKED, opened=True).endswith(opened)
    assert render(name, ASKED, ANSWERED).endswith(f"\\boxed{{3}}{end}")


def test_a_template_takes_the_place_of_the_models_own(tmp_path: Path) -> None:
    """The model's files are linked, so its own template must not be written over where it lies."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "config.json").write_text("{}")
    (source / "chat_template.jinja").write_text("its own")
    template = CHAT_TEMPLATES / "qwen3.jinja"
    arguments = ["--source", source, "--out", tmp_path / "out"]
    assert run_script("fetch_folder", *arguments, "--chat-template", template) == 0
    assert (tmp_path / "out/chat_template.jinja").read_text() == template.read_text()
    assert (source / "chat_template.jinja").read_text() == "its own"
    # As the rule says it where there is neither.
    assert run_script("fetch_folder", "--record", "--chat-template", *arguments) == 0
    assert (tmp_path / "out/chat_template.jinja").read_text() == "its own"
    assert not (tmp_path / "out/manifest.json").exists()


def test_a_model_of_the_hub_says_where_it_is_from(tmp_path: Path) -> None:
    source, record = tmp_path / "source", tmp_path / "record.json"
    source.mkdir()
    (source / "config.json").write_text("{}")
    (source / "chat_template.jinja").write_text("its own")
    (source / "manifest.json").write_text("of somebody else")
    record.write_text('{"models/lrm": {"repo": "Qwen/Qwen3-4B", "commit": "1cfa", "files": {"config.json": 2}}}')
    assert run_script("fetch_folder", "--source", source, "--record", record, "--out", tmp_path / "lrm") == 0
    found = json.loads((tmp_path / "lrm/manifest.json").read_text())
    made = {"files": checksums(tmp_path / "lrm"), "fetched": {"config.json": 2}}
    assert found == {"model": "lrm", "repo": "Qwen/Qwen3-4B", "commit": "1cfa", **made} and made["files"]
    assert (source / "manifest.json").read_text() == "of somebody else"


def test_a_model_without_one_is_refused_when_it_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is trained or asked; an encoder, of which nothing is asked, needs none."""
    source, arguments = tmp_path / "source", ["--source", tmp_path / "source", "--out", tmp_path / "out"]
    source.mkdir()
    (source / "config.json").write_text("{}")
    for own in (None, "{}", '{"chat_template": null}'):
        if own:
            (source / "tokenizer_config.json").write_text(own)
        assert run_script("fetch_folder", *arguments) == 1
        said = capsys.readouterr().err
        assert "a model without a chat template" in said and "set `chat_template` in the recipe of 'out'" in said
        assert "(alpaca, deepseek-r1, plain, qwen3)" in said and said.count("\n") == 1
        assert not (tmp_path / "out").exists()
    assert run_script("fetch_folder", *arguments, "--encoder") == 0
    (source / "tokenizer_config.json").write_text('{"chat_template": "of older folders"}')
    assert run_script("fetch_folder", *arguments) == 0
    (source / "tokenizer_config.json").unlink()
    (source / "chat_template.jinja").write_text("its own")
    assert run_script("fetch_folder", *arguments) == 0


class Still:
    """A tokenizer whose template takes no time of the processor, and does not end."""

    name_or_path = "models/still"

    def apply_chat_template(self, *arguments: object, **options: object) -> str:
        time.sleep(600)
        return ""


def test_a_template_that_stands_still_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chats, "PATIENCE", 0.5)
    with pytest.raises(ValueError, match="models/still: the chat template cannot be used \\(it does not end"):
        chats.chat_texts(Still(), [[ASKED]])
    assert not multiprocessing.active_children()


HELD = """
import time
from unittest.mock import Mock
from vernacular.models.chats import chat_texts
from multiprocessing import connection

connection.Connection.poll = lambda *_: time.sleep(600)  # until it is killed: nobody reads what the child sends
tokenizer = Mock(apply_chat_template=lambda talk, **_: talk[0]["content"])
chat_texts(tokenizer, [[{"role": "user", "content": "x" * 1000}]] * 1000)
"""


def test_nothing_is_left_of_a_parent_that_was_killed() -> None:
    """What was left held the lock of the training's checkpoints, and the next run waited forever."""
    parent = psutil.Popen([sys.executable, "-c", HELD])
    children: list[psutil.Process] = []
    while not children or children[0].status() == "running":  # it sleeps once the pipe is full
        assert parent.poll() is None
        children = parent.children()
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    gone, alive = psutil.wait_procs(children, timeout=20)
    for child in alive:
        child.kill()
    assert gone and not alive
