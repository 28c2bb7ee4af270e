"""The reward for other trainers: worth what the workflow's is, in the signatures that they document.

TRL is here and runs. verl 0.9.1, OpenRLHF 0.11.2 and verifiers are not: they call these functions with the arguments
that their documentation names, as the tests do.
"""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from hub_folders import write_model
from rewards import GOLD, LANGUAGES, PROBLEMS, Trainer, completion, identifier

from vernacular.adamame.reward import AlignmentReward
from vernacular.adamame.trainers import AdaMameReward, compute_score, repeats, reward_func, verifiers_reward
from vernacular.command import main as command

ROOT = Path(__file__).parents[2]
KNOWN = ["en", *LANGUAGES]
KEY = next(iter(PROBLEMS))


def group(language: str, key: str) -> list[str]:
    gold = PROBLEMS[key].answer
    return [
        completion(language, key), completion("en", key), completion(language, key, gold + 1),
        completion("en", key, gold + 1),
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["multiplicative", "additive", "sum", "gate", "all-correct"])
@pytest.mark.parametrize("step", [0, 50, 90])
def test_trl_gets_the_reward_of_the_workflow(form: str, step: int) -> None:
    for key, problem in PROBLEMS.items():
        for language in LANGUAGES:
            texts = group(language, key)
            expected = Trainer(4, form=form)(texts, language, str(problem.answer), step)
            reward = AdaMameReward(form=form, languages=KNOWN)
            state = SimpleNamespace(global_step=step, max_steps=100)
            columns = {"language": [language] * 4, "answer": [str(problem.answer)] * 4}
            assert reward(["?"] * 4, texts, state, **columns) == expected and len(set(map(str, expected))) > 1


def test_the_group_is_what_shares_a_prompt() -> None:
    assert repeats([*"aabb"]) == 2 and repeats([*"aaaabb"]) == 2 and repeats([*"ab"]) == 1 and repeats(["a"] * 8) == 8
    asked = [[{"role": "user", "content": name}] for name in "ab" for _ in range(4)]
    assert repeats(asked) == 4


def test_columns_of_other_names_are_logged_as_ours() -> None:
    logged: dict[str, list[Any]] = {}
    reward = AdaMameReward(languages=KNOWN, language="lang", answer="solution")
    state = SimpleNamespace(global_step=50, max_steps=100)
    found = reward(
        ["?"], [completion("fr")], state, log_extra=logged.__setitem__, lang=["fr"], solution=[int(GOLD)], other=["x"]
    )
    assert found == [2.0] and logged == {"language": ["fr"], "answer": [GOLD]}
    with pytest.raises(ValueError, match="no column 'solution'; did you mean 'solutions'"):
        reward(["?"], ["x"], state, lang=["fr"], solutions=["5"])
    with pytest.raises(ValueError, match="unknown language 'French'"):
        reward(["?"], ["x"], state, lang=["French"], solution=["5"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"form": "correct-only"}, "changes advantages"),
        ({"schedule": "cosin"}, "schedule: 'cosin' is not a valid choice; did you mean 'cosine'?"),
        ({"match": "hole"}, "did you mean 'whole'?"),
        ({"diversity": "cos"}, "diversity: 'cos'"),
        ({"tags": "thinks"}, "tags: 'thinks' is not a family of think tags; did you mean 'think'?"),
    ],
)
def test_unknown_options_name_the_nearest(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        AdaMameReward(**options)


def at_full_strength(text: str, language: str, gold: str) -> float | None:
    options = {"schedule": "constant", "form": "multiplicative", "diversity": "none", "match": "whole"}
    reward = AlignmentReward(options | {"bonus": 2.0, "floor": 0.0}, identifier(), 1)
    state = SimpleNamespace(global_step=0, max_steps=1)
    return reward([text], [language], [gold], state, lambda name, value: None)[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_completion_at_a_time(language: str) -> None:
    """verl calls with these four by name, OpenRLHF with lists, verifiers by the names of what a function asks for."""
    gold = str(PROBLEMS[KEY].answer)
    for text, worth in zip(group(language, KEY), [3.0, 1.0, 0.0, 0.0], strict=True):
        assert at_full_strength(text, language, gold) == worth
        found = compute_score(
            data_source="mgsm", solution_str=text, ground_truth=gold, extra_info={"language": language, "num_turns": 2}
        )
        assert found["score"] == worth and found["acc"] == float(worth > 0) and found["abstained"] == 0
        prompt, label = f"<|user|>{language}<|assistant|>", json.dumps({"answer": gold, "language": language})
        told = reward_func([prompt + text], [prompt], [label])
        assert told["rewards"].tolist() == [worth] and told["scores"].tolist() == [float(worth > 0)]
        assert all(isinstance(value, torch.Tensor) and value.shape == (1,) for value in told["extra_logs"].values())
        messages = [{"role": "assistant", "content": text}]
        for info in ({"language": language}, json.dumps({"language": language})):
            assert verifiers_reward(completion=messages, answer=gold, info=info, state={}, prompt=[]) == worth


def test_what_has_no_language_is_one_line() -> None:
    with pytest.raises(ValueError, match="mgsm: extra_info has no 'language'"):
        compute_score("mgsm", "x", "5", {})
    with pytest.raises(ValueError, match="give JSON with answer and language"):
        reward_func(["x"], [""], ["18"])
    with pytest.raises(ValueError, match="info has no 'language'"):
        verifiers_reward("x", "5", None)


def test_the_example_trains_a_tiny_model_and_its_log_is_scored(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        import trl_adamame
    finally:
        sys.path.pop(0)
    text = (ROOT / "examples/trl_adamame.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    model = tmp_path / "model"
    write_model(model, "qwen3", "")
    tokenizer = model / "tokenizer_config.json"
    chats = "{% for m in messages %}{{ m['content'] }}{% endfor %}<think>\n"
    for file in model.glob("*.jinja"):
        file.write_text(chats)
    if not list(model.glob("*.jinja")):
        tokenizer.write_text(json.dumps(json.loads(tokenizer.read_text()) | {"chat_template": chats}))
    rows = [{"question": f"Combien font 2 et {n} ?", "language": "fr", "answer": str(n + 2)} for n in range(4)]
    questions = tmp_path / "questions.jsonl"
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    trainer = trl_adamame.main([str(model), str(questions), str(tmp_path / "out"), "--steps", "2", "--tokens", "12"])
    history = trainer.state.log_history
    assert any("adamame/accuracy" in row or "accuracy" in row for row in history), history
    log = sorted((tmp_path / "out" / "completions").glob("*.parquet"))[0]
    table = pq.read_table(log).to_pylist()
    assert len(table) == 8 and table[0]["language"] == "fr" and table[0]["answer"] in "2345"
    # What the trainer was given is what the workflow's reward gives the same completions.
    texts = [row["completion"][-1]["content"] for row in table]
    own = Trainer(8)
    own.reward = AlignmentReward(own.reward.options, AdaMameReward(languages=["en", "fr"]).identifier, 8)
    assert own(texts, "fr", table[0]["answer"], 0, 2) == [row["adamame"] for row in table]
    assert command.main(["score", str(tmp_path / "out"), "--draws", "100"]) == 0
    step = int(log.stem.rpartition("_")[2])
    assert f"out@{step} " in capsys.readouterr().out
