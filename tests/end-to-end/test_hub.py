"""The papers' set-ups through every stage on tiny models: download, SFT, GRPO, SLAM, ST-Merge, evaluation, tables.

Models, sources, recipes and trainer options are those of config/paper, sizes apart; the hub is a mirror.
"""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hub_folders import ASKED, SAID, instructions, lay_out, lay_out_url, mgsm, prompts, traces, write_model
from studies import ROOT, run_study

pytestmark = pytest.mark.slow
LANGUAGES = ["en", "fr", "th"]
RESULTS = "results/tiny-hub"
KINDS = {
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": "qwen2",
    "Qwen/Qwen3-4B": "qwen3",
    "meta-math/MetaMath-7B-V1.0": "llama",
    "google/mt5-xl": "mt5",
}
SMALL = {"max_steps": 2, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2, "save_steps": 2}


def paper(name: str) -> Any:
    return yaml.safe_load((ROOT / "config" / "paper" / f"{name}.yaml").read_text(encoding="utf-8"))


def smaller(recipe: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """On one processor, in one process."""
    alone = {key: value for key, value in recipe.items() if key != "launch"}
    return {**alone, "training": {**recipe["training"], **SMALL, **changes}, "resources": {}}


def tiny_study(mirror: Path, pairs: Path) -> dict[str, Any]:
    """A study of parts of four paper configurations; only sizes, languages and what they are called are changed."""
    names = ("adamame-distill-1.5b", "adamame-qwen3-4b", "slam-metamath-7b", "st-merge-metamath-7b")
    distill, qwen, slam, merge = map(paper, names)
    sources = {
        "mirror": str(mirror),
        "mgsm": slam["sources"]["mgsm"],
        "gsm8k-instruct": slam["sources"]["gsm8k-instruct"],
        **{name: qwen["sources"][name] for name in ("dapo", "sft-traces")},
        "lego-mt": {**merge["sources"]["lego-mt"], "folder": str(pairs)},
    }
    sources["mgsm"]["urls"] = [url for url in sources["mgsm"]["urls"] if url["url"][-6:-4] in LANGUAGES]
    data = {
        "translation": [{**part, "languages": ["fr", "th"]} for part in slam["data"]["translation"]],
        "pairs": [{**part, "languages": ["fr", "th"]} for part in merge["data"]["pairs"]],
        "tasks": [{**part, "languages": LANGUAGES, "limit": 12} for part in merge["data"]["tasks"]],
    }
    # Weights drawn by chance have to learn how an answer looks, so that some rollouts are right: embeddings too.
    learn = {"max_steps": 60, "per_device_train_batch_size": 8, "gradient_accumulation_steps": 1, "learning_rate": 0.01}
    learn |= {"save_steps": 60, "logging_steps": 10, "gradient_checkpointing": False}
    lora = {"r": 32, "lora_alpha": 64, "target_modules": "all-linear", "modules_to_save": ["embed_tokens", "lm_head"]}
    rollouts = {"per_device_train_batch_size": 4, "num_generations": 4, "steps_per_generation": 4, "use_vllm": False}
    models = {
        "distill": distill["models"]["lrm"],
        "distill-sft": {**smaller(distill["models"]["sft"]), "from": "distill"},
        "qwen": qwen["models"]["lrm"],
        "sft": {**smaller(qwen["models"]["sft"], **learn), "from": "qwen", "lora": lora},
        "adamame": {**smaller(qwen["models"]["adamame"], **rollouts, max_completion_length=64), "prompts": 2},
        "reasoner": {**slam["models"]["reasoner"], "chat_template": "alpaca"},  # the others here are asked in chats
        "slam": {**smaller(slam["models"]["slam"]), "layers": [0], "compile": False},
        "encoder": merge["models"]["encoder"],
        "mapping": {**smaller(merge["models"]["mapping"]), "dev_rows": 3},
        "st-merge": {**smaller(merge["models"]["st-merge"]), "dev_rows": 3},
    }
    evaluation = {**qwen["evaluations"][0], "benchmarks": ["mgsm"], "languages": LANGUAGES, "in_domain": ["fr", "th"]}
    evaluation |= {"samples": 2, "max_new_tokens": 64, "resources": {}}
    return {
        "study": "tiny-hub",
        "scale": "tiny models, weights drawn by chance",
        "bootstrap": 200,
        "languages": LANGUAGES,
        "sources": sources,
        "benchmarks": {name: {"source": name} for name in ("mgsm", "dapo", "gsm8k-instruct")},
        "data": data,
        "traces": {**qwen["traces"], "languages": ["fr", "th"]},
        "rl": {**qwen["rl"], "languages": ["fr", "th"], "max_new_tokens": 64, "resources": {}},
        "slam": {**slam["slam"], "languages": LANGUAGES, "questions": None, "baseline": "slam", "resources": {}},
        "models": models,
        "evaluations": [{**evaluation, "models": ["distill-sft", "adamame", "slam", "st-merge"]}],
    }


@pytest.fixture(scope="module")
def hub_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the finished study."""
    folder = tmp_path_factory.mktemp("hub")
    mirror, pairs = folder / "mirror", folder / "pairs"
    for code in ("fr", "th"):
        (pairs / f"en-{code}").mkdir(parents=True)
        for side in ("en", code):
            lines = "\n".join([ASKED[side].format(n) for n in range(4)] + [SAID[side]])
            (pairs / f"en-{code}" / f"train_100k.{side}").write_text(lines, encoding="utf-8")
    config = tiny_study(mirror, pairs)
    text = "".join([*ASKED.values(), *SAID.values(), "0123456789\\boxed{}#"])
    for name, recipe in config["models"].items():
        if recipe["recipe"] == "hub":
            write_model(folder / "models" / name, KINDS[recipe["repo"]], text)
            lay_out(mirror, "model", recipe["repo"], recipe["revision"], folder / "models" / name)
    source = config["sources"]["gsm8k-instruct"]
    (folder / "instruct").mkdir()
    (folder / "instruct" / "MGSM8KInstruct_Parallel.json").write_text(instructions(60), encoding="utf-8")
    lay_out(mirror, "dataset", source["dataset"], source["revision"], folder / "instruct")
    for url in config["sources"]["mgsm"]["urls"]:
        url["sha256"] = lay_out_url(mirror, url["url"], mgsm(url["url"][-6:-4], 3))
    lay_out_url(mirror, config["sources"]["dapo"]["urls"][0]["url"], prompts(folder, 12))
    lay_out_url(mirror, config["sources"]["sft-traces"]["urls"][0]["url"], traces(40))
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
    run_study(folder, configs=(str(path),))
    return folder


def test_everything_comes_from_the_mirror_and_stands_in_one_manifest(hub_study: Path) -> None:
    found = json.loads((hub_study / RESULTS / "downloads.json").read_text(encoding="utf-8"))
    models = {"models/distill", "models/qwen", "models/reasoner", "models/encoder"}
    assert found.keys() == models | {"data/mgsm", "data/gsm8k-instruct", "data/dapo", "data/sft-traces"}
    for name, record in found.items():
        if "commit" in record:
            assert len(record["commit"]) == 40, name
        for file, entry in record["files"].items():
            assert (hub_study / RESULTS / "downloads" / name / file).stat().st_size == entry["bytes"]
    taken = json.loads((hub_study / RESULTS / "seed-1/models/qwen/manifest.json").read_text(encoding="utf-8"))
    fetched = found["models/qwen"]
    assert taken == {**taken, "model": "qwen", **fetched, "fetched": fetched["files"], "files": taken["files"]}
    assert taken["repo"] == "Qwen/Qwen3-4B" and fetched["files"].keys() <= {*taken["files"], "chat_template.jinja"}


def test_each_architecture_trained(hub_study: Path) -> None:
    folder = hub_study / RESULTS / "seed-1/models"
    kinds = {name: json.loads((folder / name / "config.json").read_text())["model_type"]
             for name in ("distill-sft", "sft", "adamame", "slam", "encoder")}  # fmt: skip
    assert kinds == {"distill-sft": "qwen2", "sft": "qwen3", "adamame": "qwen3", "slam": "llama", "encoder": "mt5"}
    for name in ("distill-sft", "sft", "adamame", "slam", "mapping", "st-merge"):
        manifest = json.loads((folder / name / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["trainable_parameters"] > 0 and manifest["tokens_seen"] > 0, name
    # Up and down matrices of one of two layers, the gate's left as it is.
    slam = json.loads((folder / "slam/manifest.json").read_text(encoding="utf-8"))
    assert slam["trainable_parameters"] == 2 * 32 * 64
    history = pd.read_csv(folder / "adamame/history.csv")
    # Two updates of one generation of rollouts, as in the paper: the second has none of its own.
    assert list(history["step"]) == [1, 2] and list(history["match_rate"].isna()) == [False, True]


def test_every_question_was_asked_and_scored(hub_study: Path) -> None:
    table = pd.read_csv(hub_study / RESULTS / "tables/scores.csv")
    assert set(table["model"]) == {"distill-sft", "adamame", "slam", "st-merge"}
    assert set(table["language"]) == {"en", "fr", "th", "all", "in-domain"}
    for name in ("distill-sft", "adamame", "slam", "st-merge"):
        scores = pd.read_parquet(hub_study / RESULTS / f"seed-1/scores/{name}/mgsm.parquet")
        assert len(scores) == 3 * 3 * 2 and set(scores["finish_reason"]) <= {"stop", "length"}
    assert (hub_study / RESULTS / "figures/pareto.png").stat().st_size > 10_000


def test_traces_are_opened_as_each_model_opens_them(hub_study: Path) -> None:
    """The study's templates take the place of those that the repositories carry; Llama's knows no trace at all."""
    opened = {
        "distill-sft": "<｜Assistant｜><think>\n",
        "adamame": "<|im_start|>assistant\n<think>\n",
        "slam": "### Response:",
    }
    for name, end in opened.items():
        rows = pd.read_parquet(hub_study / RESULTS / f"seed-1/generations/{name}/mgsm.parquet")
        assert rows["prompt"].str.endswith(end).all(), name
    # SFT saw the traces to their end, which a template that drops them would have hidden.
    rows = pd.read_parquet(hub_study / RESULTS / "seed-1/generations/adamame/mgsm.parquet")
    assert ((rows["trace"] != "") & (rows["response"] != "")).any()
