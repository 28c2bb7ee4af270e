"""The data of a study on a hub: exactly its named files, with a card that `datasets` and the hub's client read."""

import getpass
import json
import re
import socket
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from huggingface_hub import DatasetCard
from push_hub import committed, created
from raw_traces import good

from vernacular.command.main import main
from vernacular.evaluation.score import Gold, score_rows
from vernacular.language.identify import LanguageIdentifier
from vernacular.language.prompts import split_completion
from vernacular.report.dataset_card import SCHEMAS
from vernacular.storage.records import GENERATION, KEPT_TRACE, PROMPT, SCORE, read_rows, write_rows
from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import read_yaml

ROOT = Path(__file__).parents[2]
SMOKE = str(ROOT / "config" / "smoke.yaml")
ANSWERED = [(model, name) for name in ("mini-mgsm", "mini-msvamp") for model in ("lrm", "sft", "adamame")]
ANSWERED.append(("lrm+forced-prefix", "mini-mgsm"))


def completions(sample: int) -> list[dict[str, Any]]:
    """Of one question in two languages: in French a right answer with a French trace, in Japanese a French one."""
    trace, response = split_completion(good()["completion"])
    told = {"prompt": "?", "completion": good()["completion"], "trace": trace, "response": response, "tokens": 40}
    row = dict.fromkeys(GENERATION.names) | told | {"finish_reason": "stop", "sample": sample}
    return [row | {"id": "q1", "language": language} for language in ("fr", "ja")]


def write_study(results: Path, study: str = "smoke") -> None:
    """The files that are published of the smoke study, and others which are not."""
    folder = results / study
    trace, response = split_completion(good()["completion"])
    write_rows(folder / "corpus/traces/kept.parquet", [good(trace=trace, response=response)], KEPT_TRACE)
    write_rows(folder / "corpus/traces/raw.parquet", [good(trace="", response="")], KEPT_TRACE)
    asked = {key: good()[key] for key in ("id", "language", "question", "answer")}
    write_rows(folder / "seed-1/corpus/rl/sft.parquet", [asked | {"correct": 2}], PROMPT)
    golds = {("q1", language): Gold("math", "17") for language in ("fr", "ja")}
    identifier = LanguageIdentifier(["en", "fr", "ja", "de"])
    rows = [*completions(0), *completions(1)]
    scored = list(score_rows(rows, golds, identifier))
    for model, benchmark in ANSWERED:
        write_rows(folder / f"seed-1/generations/{model}/{benchmark}.parquet", rows, GENERATION)
        write_rows(folder / f"seed-1/scores/{model}/{benchmark}.parquet", scored, SCORE)
    (folder / "logs").mkdir()
    (folder / "logs" / "train.log").write_text("secret\n", encoding="utf-8")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    write_study(tmp_path / "results")
    return tmp_path / "results"


def push(results: Path, *more: str, configs: tuple[str, ...] = (SMOKE,)) -> int:
    return main(["push", "--dataset", *configs, "--repo", "me/data", "--results", str(results), *more])


def overlay(folder: Path, text: str, name: str = "mine") -> tuple[str, str]:
    """Configuration files: the smoke study, changed."""
    path = folder / f"{name}.yaml"
    path.write_text(f"study: {name}\n{text}", encoding="utf-8")
    return SMOKE, str(path)


def error(capsys: pytest.CaptureFixture[str]) -> str:
    [line] = capsys.readouterr().err.splitlines()
    return line


NAMES = {"README.md", *(f"data/{name}.parquet" for name in ("traces/train", "prompts/train"))}
NAMES |= {f"data/{part}/test.parquet" for part in ("generations", "scores")}


def test_a_push_is_one_commit_of_the_named_files(
    pushes: list, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the real client, to a hub of a few lines on this machine; private unless it is told otherwise."""
    assert push(results) == 0
    assert "/commit/0" in capsys.readouterr().out
    assert created(pushes) == {"name": "data", "organization": "me", "type": "dataset", "visibility": "private"}
    path, head, sent = committed(pushes)
    assert path.startswith("/api/datasets/me/data/commit/") and head["summary"] == "smoke, made by Vernacular"
    assert set(sent) == NAMES
    assert all(data == (results / "smoke/dataset" / name).read_bytes() for name, data in sent.items())
    everything = b"".join([path.encode(), json.dumps(head).encode(), *sent.values()])
    for private in (str(results), str(ROOT), f"{Path.home()}/", "hf_secret"):
        assert private.encode() not in everything
    for name in (socket.gethostname(), getpass.getuser()):
        assert not re.search(rf"\b{re.escape(name)}\b".encode(), everything), name
    pushes.clear()
    assert push(results, "--public") == 0 and created(pushes)["visibility"] == "public"


def test_datasets_and_the_hubs_client_read_it(results: Path, tmp_path: Path) -> None:
    assert push(results, "--dry-run") == 0
    folder = results / "smoke" / "dataset"
    card = DatasetCard.load(folder / "README.md")
    assert card.data.license == "apache-2.0" and card.data.language == ["fr", "ja"]
    assert card.data.task_categories == ["text-generation", "question-answering"]
    configs = {one["config_name"]: one["data_files"] for one in card.data.to_dict()["configs"]}
    assert list(configs) == list(SCHEMAS)
    for part, files in configs.items():
        for file in files:
            rows = load_dataset(str(folder), part, split=file["split"], cache_dir=str(tmp_path / "cache"))
            assert rows.column_names == SCHEMAS[part].names
            assert rows.to_list() == pq.read_table(folder / file["path"]).to_pylist()
    scores = load_dataset(str(folder), "scores", split="test", cache_dir=str(tmp_path / "cache"))
    assert {(row["model"], row["benchmark"]) for row in scores} == {*ANSWERED} and len(scores) == 4 * len(ANSWERED)
    own = list(read_rows(results / "smoke/seed-1/scores/sft/mini-msvamp.parquet"))
    told = {"model": "sft", "benchmark": "mini-msvamp", "seed": 1}
    assert [row for row in scores if told.items() <= row.items()] == [told | row for row in own]


def test_what_the_card_says(results: Path) -> None:
    assert push(results, "--dry-run") == 0
    card = (results / "smoke/dataset/README.md").read_text(encoding="utf-8")
    for part, schema in SCHEMAS.items():
        section = card.split(f"\n### {part}\n")[1].split("\n## ")[0].split("\n### ")[0]
        assert re.findall(r"^\| `(\w+)` \| (\w+) \| \S", section, re.M) == [(f.name, str(f.type)) for f in schema]
    assert "| scores | test | 28 | data/scores/test.parquet |" in card and "smoke test" in card
    assert "| phrasebook | phrasebook |  | Vernacular's own: Apache\\-2.0 |" in card
    assert "metrics: 3" in card and "max_new_tokens: 100" in card and "hash_range" in card and "resources" not in card
    [code] = re.findall("```python\n(.*?)```", card, re.DOTALL)
    found: dict[str, Any] = {}
    exec(code.replace("me/data", str(results / "smoke/dataset")), found)
    assert len(found["rows"]) == 28


def test_every_column_has_a_meaning() -> None:
    meanings = read_yaml(resource("columns.yaml"))
    assert {part: list(columns) for part, columns in meanings.items()} == {p: s.names for p, s in SCHEMAS.items()}


def test_the_same_results_give_the_same_bytes(results: Path) -> None:
    found = []
    for _ in range(2):
        assert push(results, "--dry-run") == 0
        files = [path for path in sorted((results / "smoke/dataset").rglob("*")) if path.is_file()]
        found.append({path: path.read_bytes() for path in files})
    assert found[0] == found[1] and len(found[0]) == len(NAMES)


def test_parts_that_are_chosen_are_all_that_is_sent(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (results / "smoke/seed-1/generations/sft/mini-mgsm.parquet").unlink()  # is not needed then
    assert push(results, "--parts", "scores,traces", "--dry-run", "--json") == 0
    folder = results / "smoke" / "dataset"
    files = [Path(name).relative_to(folder).as_posix() for name in json.loads(capsys.readouterr().out)["files"]]
    assert files == ["README.md", "data/scores/test.parquet", "data/traces/train.parquet"]
    assert push(results, "--parts", "traces", "--dry-run") == 0
    assert [path.name for path in folder.rglob("*.parquet")] == ["train.parquet"]
    assert "models:" not in (folder / "README.md").read_text(encoding="utf-8")


def test_a_dataset_is_whole_or_as_it_was(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert push(results, "--dry-run") == 0
    card = results / "smoke/dataset/README.md"
    before = card.read_bytes()
    broken = results / "smoke/seed-1/scores/sft/mini-mgsm.parquet"
    broken.write_bytes(broken.read_bytes()[:200])
    capsys.readouterr()
    assert push(results, "--dry-run") == 2
    assert "scores/sft/mini-mgsm.parquet: cannot be read" in error(capsys)
    assert card.read_bytes() == before and not [path for path in card.parents[1].iterdir() if path.name[0] == "."]


def test_scores_of_another_version_are_not_mixed_in(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = results / "smoke/seed-1/scores/sft/mini-mgsm.parquet"
    rows = [row | {"metrics_version": 2} for row in read_rows(path)]
    write_rows(path, rows, SCORE)
    assert push(results, "--dry-run") == 2
    assert f"{path}: of metrics version 2, but this is version 3; score it again" in error(capsys)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--parts", "trace"], "--parts: no part 'trace'; did you mean 'traces'?"),
        (["--target", "adamam"], "--target: the study has no target 'adamam'; did you mean 'adamame'?"),
        (
            ["--target", "slam", "--parts", "traces"],
            "--parts: no model here is trained on traces; choose from: generat",
        ),
        (["--target", "slam"], "generations/reasoner/mini-mgsm.parquet: not there (10 of 10 files), so this study was"),
        (["--card", "card.md"], "--card: is for a model"),
    ],
)
def test_what_a_user_gets_wrong(more: list[str], said: str, results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert push(results, *more) == 2
    line = error(capsys)
    assert line.startswith("vernacular push: ") and said in line
    assert not (results / "smoke" / "dataset").exists()


def test_a_study_that_has_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert push(tmp_path / "results") == 2
    assert "smoke/corpus/traces/kept.parquet: not there (16 of 16 files), so this study was not" in error(capsys)
    assert not list(tmp_path.iterdir())


def test_what_is_not_known_to_be_free_needs_a_licence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also: no path of the user's is in what is published."""
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "home-of-anna" / "traces"
    mine = f"sources: {{mine: {{format: adamame-traces, folder: {own}}}}}\n"
    mine += "traces: {source: mine, benchmark: null, languages: [fr], hash_range: null, flaws: null}\n"
    write_study(tmp_path / "results", "mine")
    assert push(tmp_path / "results", configs=overlay(tmp_path, mine)) == 2
    line = error(capsys)
    assert "sources.mine (files of the authors' own): licence not known here" in line and "licence: CC-BY-4.0" in line
    assert not (tmp_path / "results/mine/dataset").exists()
    assert push(tmp_path / "results", "--parts", "scores", "--dry-run", configs=overlay(tmp_path, mine)) == 0
    stated = overlay(tmp_path, f"licence: CC-BY-4.0\n{mine}")
    assert push(tmp_path / "results", "--dry-run", configs=stated) == 0
    card = DatasetCard.load(tmp_path / "results/mine/dataset/README.md")
    assert card.data.license == ["cc-by-4.0", "other", "apache-2.0"]
    assert "anna" not in card.text and "CC\\-BY\\-4.0, as the study states" in card.text


def test_a_model_of_the_hub_is_named_with_its_licence(tmp_path: Path) -> None:
    text = "models: {lrm: {recipe: hub, repo: Qwen/Qwen3-0.6B, revision: main}}\n"
    write_study(tmp_path / "results", "mine")
    assert push(tmp_path / "results", "--dry-run", configs=overlay(tmp_path, text)) == 0
    card = (tmp_path / "results/mine/dataset/README.md").read_text(encoding="utf-8")
    assert "| lrm (model) | Qwen/Qwen3\\-0.6B | main | Apache\\-2.0 |" in card
    assert "The terms of a model may also bind what it wrote." in card


def test_options_of_the_other_kind_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["push", ".", "--repo", "me/x", "--parts", "scores"]) == 2
    assert error(capsys) == "vernacular push: --parts: is for the data of a study; add --dataset"
