"""The file of claims: the shipped one, a user's own, files that are no claims; and the script that judges them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from claim_scores import CLAIMS, OPTIONS, PAPERS, ROOT, answers, claim, frame, made
from scripts import run_script

from vernacular.evaluation.claim_terms import sides
from vernacular.evaluation.claims import claims_table
from vernacular.evaluation.rates import RATES
from vernacular.evaluation.verdicts import COLUMNS
from vernacular.storage.records import SCORE, write_rows
from vernacular.study.claim_inputs import claims_of, claims_options
from vernacular.study.claims import SCHEMA, load_claims
from vernacular.study.compile import compile_study
from vernacular.study.schema import StudyError


def test_shipped_claims() -> None:
    claims = load_claims(CLAIMS)
    assert {claim["paper"] for claim in claims.values()} == {*PAPERS}
    assert len(claims) >= 15 and all(claim["statement"].endswith(".") for claim in claims.values())


def test_the_llm_alone_is_what_the_study_calls_it() -> None:
    told = load_claims(CLAIMS, "llama")["english-keeps-its-accuracy"]
    assert told["baseline"] == "llama" and sides(told) == ["st-merge", "llama"]
    assert load_claims(CLAIMS)["english-keeps-its-accuracy"]["baseline"] == "merge.reference"


def test_metrics_are_those_of_the_tables() -> None:
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    assert schema["$defs"]["claim"]["properties"]["metrics"]["items"]["enum"] == [*RATES, "msd_depth", "seconds"]


def put(key: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda claims: claims["growing-beats-none"].update({key: value})


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (put("metrics", ["accurcy"]), "metrics.0: 'accurcy' is not a valid choice; did you mean 'accuracy'?"),
        (put("direction", "highr"), "direction: 'highr' is not a valid choice; did you mean 'higher'?"),
        (put("basline", "grpo"), "basline: unknown key; did you mean 'baseline'?"),
        (
            put("languages", "in-domian"),
            "languages: 'in-domian' is not a group of languages; did you mean 'in-domain'?",
        ),
        (put("languages", ["fr", "xx"]), "languages: unknown language 'xx'; choose from: en, "),
        (put("baseline", None), "compares with nothing; set `baseline` (a model) or `than`"),
        (put("baseline", "adamame"), "baseline: 'adamame' is the model itself"),
        (put("metrics", ["accuracy", "seconds"]), "metrics: 'seconds' must be the only metric"),
        (put("metrics", ["msd_depth"]), "'msd_depth' is of one model; leave out `baseline`"),
        (put("threshold", "none"), "threshold: expected a number, got 'none'"),
        (put("published", [{"difference": 1}]), "published.0: the key 'figures' is missing"),
        (lambda claims: claims["fewer-tokens"].pop("model"), "claims.fewer-tokens: the key 'model' is missing"),
        (lambda claims: claims.clear(), "claims: needs at least 1 of them"),
    ],
)
def test_bad_claims_are_one_line(tmp_path: Path, edit: Callable, said: str) -> None:
    content = yaml.safe_load(CLAIMS.read_text(encoding="utf-8"))
    content = json.loads(json.dumps(content))
    edit(content["claims"])
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_claims(path)
    assert str(caught.value).startswith(f"{path}: claims") and said in str(caught.value), caught.value
    assert "\n" not in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"nowhere\.yaml: cannot be read .*`claims`"):
        load_claims(tmp_path / "nowhere.yaml")
    (tmp_path / "broken.yaml").write_text("claims: [}", encoding="utf-8")
    with pytest.raises(StudyError, match="not valid YAML"):
        load_claims(tmp_path / "broken.yaml")
    (tmp_path / "empty.yaml").touch()
    with pytest.raises(StudyError, match="the file: expected a mapping, got nothing"):
        load_claims(tmp_path / "empty.yaml")
    (tmp_path / "twice.yaml").write_text("claims:\n  one: {model: a}\n  one: {model: b}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=r"twice\.yaml: line 3: the key 'claims\.one' is repeated"):
        load_claims(tmp_path / "twice.yaml")


def test_the_documented_claims_of_a_users_own(tmp_path: Path) -> None:
    """docs/claims.md, as a reader takes it: the file is checked, the target has its claims, verdicts follow."""
    text = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
    path = tmp_path / "mine.yaml"
    path.write_text(text.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    config = yaml.safe_load((ROOT / "config" / "config.yaml").read_text(encoding="utf-8"))
    mine = {"target": "mine", "models": ["adamame", "my-alignment"], "default": False}
    config |= {"claims": str(path), "seeds": [1, 2, 3, 4, 5]}
    config["models"]["my-alignment"] = config["models"]["linear"]
    config["evaluations"].append(config["evaluations"][0] | mine)
    study = compile_study(config, "mine.yaml", CLAIMS)
    target = study.targets["mine-"]
    claims, options = claims_of(study, target), claims_options(study, target)
    assert set(claims) == {"my-idea-beats-adamame", "my-idea-keeps-english"} and options.families == {"my idea": 2}
    assert {"adamame", "my-alignment"} <= {*options.trained}

    random, frames = np.random.default_rng(9), {}
    for seed in study.seeds:
        for model, (right, line) in {"my-alignment": (0.8, 0.9), "adamame": (0.5, 0.4)}.items():
            scores = frame(answers(random, right), ["de", "en", "fr"], answers(random, line))
            frames[model, "mini-mgsm", seed] = scores
    table = claims_table(claims, frames, {}, options)
    assert set(table["verdict"]) == {"supported"} and set(table["seeds"]) == {5} and len(table) == 3
    few = {key: scores for key, scores in frames.items() if key[2] < 3}
    assert set(claims_table(claims, few, {}, options)["verdict"]) == {"2 trainings, no verdict"}


# --- the script


def test_the_script_writes_both_tables(tmp_path: Path) -> None:
    files = []
    for (model, benchmark, seed), scores in made({"new": 0.8, "old": 0.4}, seeds=(1, 2)).items():
        path = tmp_path / f"seed-{seed}/scores/{model}/{benchmark}.parquet"
        path.parent.mkdir(parents=True)
        rows = scores.assign(answer=None, abstained_lines=0, finish_reason="stop").replace({np.nan: None})
        write_rows(path, rows[SCORE.names].to_dict("records"), SCORE)
        files.append(path)
    claims = {"better": claim(), "faster": claim(metrics=["seconds"])}
    out = tmp_path / "claims.csv", tmp_path / "timed.csv"
    arguments = ("--claims", json.dumps(claims), "--options", OPTIONS.to_json(), "--table", out[0], "--timed", out[1])
    assert run_script("make_claims", *files, *arguments) == 0
    table, timed = (pd.read_csv(path) for path in out)
    assert tuple(table.columns) == tuple(timed.columns) == COLUMNS
    assert table["claim"].tolist() == ["better"] and table["seeds"].item() == 2
    assert timed["verdict"].tolist() == ["not in this study"]
    first = out[0].read_bytes()
    assert run_script("make_claims", *files[::-1], *arguments) == 0 and out[0].read_bytes() == first
