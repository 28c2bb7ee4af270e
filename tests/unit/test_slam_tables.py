"""SLAM's tables against slow, obvious computations; its figures by their files."""

import importlib.util
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernacular.corpus import records
from vernacular.evaluation.statistics import draw_weights
from vernacular.figures.slam import draw_probe, draw_sweep
from vernacular.models.training import write_costs
from vernacular.slam.inputs import COUNTED, MEASURED
from vernacular.slam.select import select_layers
from vernacular.slam.tables import (
    COST_COLUMNS,
    SLAM_COLUMNS,
    SWEEP_COLUMNS,
    slam_costs,
    slam_table,
    spearman,
    sweep_table,
)

LANGUAGES, IDS, DRAWS = ["de", "en", "sw"], 30, 200
OPTIONS = {"study": "s", "scale": "miniature", "draws": DRAWS, "reference": "reasoner", "baseline": "two-stage"}
SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def frame(right: np.ndarray, languages: list[str] = LANGUAGES) -> pd.DataFrame:
    """Scores of answers that are `right` (question, language), one sample each."""
    rows = [
        {
            "id": f"q{i:02}", "language": code, "sample": 0, "correct": bool(right[i, j]), "answer": "1",
            "trace_language": code, "line_pass": True, "word_pass": True, "code_switched": False,
            "abstained_lines": 0, "tokens": 9, "finish_reason": "stop",
        }
        for i in range(right.shape[0]) for j, code in enumerate(languages)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=records.SCORE.names)


def answers(models: list[str], rates: dict[str, float] | None = None) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    rates = rates or {model: 0.3 + 0.1 * i for i, model in enumerate(models)}
    return {model: random.random((IDS, len(LANGUAGES))) < rates[model] for model in models}


def parameters(*models: str, seed: int = 0) -> dict:
    return {(model, seed): {"trainable_parameters": 25, "total_parameters": 400} for model in models}


def slow_interval(values: list[float]) -> list[float]:
    return [round(float(np.quantile(values, q)), 6) for q in (0.025, 0.975)]


def test_paired_intervals_against_a_direct_computation():
    right = answers(["reasoner", "two-stage", "slam"])
    frames = {(model, "mini", 0): frame(table) for model, table in right.items()}
    table = slam_table(frames, parameters("two-stage", "slam"), OPTIONS)
    assert tuple(table.columns) == SLAM_COLUMNS
    row = table.set_index("model").loc["slam"]

    english, mean, changes, means, over = [], [], [], [], []
    for weights in draw_weights("mini", IDS, DRAWS).astype(int):
        drawn = [i for i, times in enumerate(weights) for _ in range(times)]
        of = {m: [sum(t[i, j] for i in drawn) / len(drawn) for j in range(3)] for m, t in right.items()}
        english.append(of["slam"][1])
        mean.append(sum(of["slam"]) / 3)
        changes.append(of["slam"][1] - of["reasoner"][1])
        means.append(sum(of["slam"]) / 3 - sum(of["reasoner"]) / 3)
        over.append(sum(of["slam"]) / 3 - sum(of["two-stage"]) / 3)
    found = {
        "accuracy_en": (right["slam"][:, 1].mean(), english),
        "accuracy_mean": (right["slam"].mean(), mean),
        "change_en": (right["slam"][:, 1].mean() - right["reasoner"][:, 1].mean(), changes),
        "change_mean": (right["slam"].mean() - right["reasoner"].mean(), means),
        "over_baseline": (right["slam"].mean() - right["two-stage"].mean(), over),
    }
    for name, (point, draws) in found.items():
        low, high = slow_interval(draws)
        assert row[name] == pytest.approx(point, abs=1e-6)
        assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx((low, high), abs=2e-6)
        assert low < high
    assert row["n"] == IDS * len(LANGUAGES)


def test_pairing_narrows_the_interval_of_a_difference():
    """Two models that fail on the same questions but for one: unpaired, the interval would be ten times as wide."""
    right = np.random.default_rng(5).random((IDS, 1)) < np.full((IDS, 3), 0.5)
    better = right.copy()
    better[np.flatnonzero(~right[:, 0])[0]] = True
    frames = {("reasoner", "mini", 0): frame(right), ("two-stage", "mini", 0): frame(better)}
    row = slam_table(frames, parameters("two-stage"), OPTIONS).iloc[1]
    assert row["change_mean"] == pytest.approx(1 / IDS, abs=1e-6)
    assert row["change_mean_low"] == 0
    assert row["change_mean_high"] - row["change_mean_low"] <= 4 / IDS
    assert row["accuracy_mean_high"] - row["accuracy_mean_low"] > 8 / IDS


def test_an_equal_of_the_reference_has_changed_by_nothing():
    right = answers(["reasoner", "two-stage"])
    frames = {(m, "mini", 0): frame(t) for m, t in {**right, "copy": right["reasoner"]}.items()}
    table = slam_table(frames, parameters("two-stage", "copy"), OPTIONS).set_index("model")
    zero = [f"{name}{suffix}" for name in ("change_en", "change_mean") for suffix in ("", "_low", "_high")]
    for model in ("reasoner", "copy"):
        assert table.loc[model, zero].tolist() == [0.0] * 6
    assert table.loc["two-stage", ["over_baseline", "over_baseline_low", "over_baseline_high"]].tolist() == [0.0] * 3
    assert "-0.0," not in table.to_csv() and "-0.0\n" not in table.to_csv()
    assert table["tuned_share"].isna().to_dict() == {"reasoner": True, "two-stage": False, "copy": False}
    assert table.loc["copy", "tuned_share"] == 0.0625


def test_the_mean_includes_english_and_weighs_languages_alike():
    # English: 4 questions, all right; de: the same ids, none right; sw: only two of the ids, one right.
    whole = frame(np.array([[0, 1, 1], [0, 1, 0], [0, 1, 0], [0, 1, 0]], bool))
    scores = whole[~((whole["language"] == "sw") & whole["id"].isin(["q02", "q03"]))]
    frames = {(model, "mini", 0): scores for model in ("reasoner", "two-stage")}
    row = slam_table(frames, parameters("two-stage"), OPTIONS).iloc[0]
    assert (row["accuracy_en"], row["accuracy_mean"], row["n"]) == (1.0, 0.5, 10)


def test_seeds_and_benchmarks_are_compared_within_themselves():
    right = answers(["a", "b", "c", "d"])
    frames = {
        ("reasoner", "mini", 0): frame(right["a"]), ("two-stage", "mini", 0): frame(right["b"]),
        ("reasoner", "mini", 1): frame(right["c"]), ("two-stage", "mini", 1): frame(right["d"]),
        ("reasoner", "other", 1): frame(right["d"]), ("two-stage", "other", 1): frame(right["d"]),
    }  # fmt: skip
    table = slam_table(frames, parameters("two-stage") | parameters("two-stage", seed=1), OPTIONS)
    assert list(zip(table["model"], table["benchmark"], table["seed"], strict=True)) == list(frames)
    expected = [right["b"].mean() - right["a"].mean(), right["d"].mean() - right["c"].mean(), 0.0]
    assert table["change_mean"].tolist()[1::2] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": "reasonr"}, "^mini, seed 0: no scores of 'reasonr', the reference; add it"),
        ({"baseline": "lora"}, "^mini, seed 0: no scores of 'lora', the baseline; add it"),
        ({"questions": 29}, "^mini: .*reasoner.* and .*slam.* were scored on different questions"),
        ({"languages": ["de", "en", "th"]}, "^mini: .*reasoner.* and .*slam.* were scored on different languages"),
        ({"english": False}, "^mini: scored in languages without 'en'; add"),
        ({"costs": {}}, "^slam, seed 0: no costs with trainable and total parameters"),
        ({"costs": {("slam", 0): {"total_parameters": 3}}}, "^slam, seed 0: no costs with trainable"),
    ],
)
def test_broken_tables_are_refused(change, message):
    right = answers(["reasoner", "slam"])
    languages = change.get("languages", LANGUAGES)
    frames = {
        ("reasoner", "mini", 0): frame(right["reasoner"]),
        ("slam", "mini", 0): frame(right["slam"][: change.get("questions", IDS)], languages),
    }
    if not change.get("english", True):
        frames = {key: scores[scores["language"] != "en"] for key, scores in frames.items()}
    options = {**OPTIONS, "baseline": "slam", **change}
    with pytest.raises(ValueError, match=message) as error:
        slam_table(frames, change.get("costs", parameters("slam")), options)
    assert "\n" not in str(error.value)


def cost(seconds: float, tokens: int, peak: int = 100, optimizer: int = 10) -> dict[str, float]:
    return {"seconds": seconds, "tokens": tokens, "peak_memory": peak, "optimizer_bytes": optimizer}


CHAINS = {"two-stage": ["question-alignment", "two-stage"], "slam": ["slam"], "reasoner": ["reasoner"]}
COSTS = {
    ("question-alignment", 1): cost(200, 2_000_000, peak=900, optimizer=80),
    ("two-stage", 1): cost(100, 4_000_000, peak=800, optimizer=90),
    ("slam", 1): cost(40, 1_000_000, peak=300, optimizer=7),
    ("reasoner", 1): cost(77, 77),
}


def test_costs_add_up_over_the_stages():
    table = slam_costs(COSTS, CHAINS, OPTIONS)
    assert tuple(table.columns) == COST_COLUMNS
    two, slam = table.to_dict("records")
    assert two == {
        "study": "s", "model": "two-stage", "seed": 1, "stages": "question-alignment + two-stage", "seconds": 300,
        "tokens": 6_000_000, "peak_memory": 900, "optimizer_bytes": 90, "seconds_per_million_tokens": 50,
        "speedup_at_budget": 1, "speedup_at_equal_tokens": 1,
    }  # fmt: skip
    assert (slam["stages"], slam["seconds"], slam["seconds_per_million_tokens"]) == ("slam", 40, 40)
    assert (slam["speedup_at_budget"], slam["speedup_at_equal_tokens"]) == (7.5, 1.25)
    assert (slam["peak_memory"], slam["optimizer_bytes"]) == (300, 7)


@pytest.mark.parametrize(
    ("costs", "chains", "message"),
    [
        (COSTS, {"slam": ["slam"]}, "^chains: no baseline 'two-stage' among slam"),
        (COSTS, CHAINS | {"slam": []}, "^chains: slam counts no stage"),
        (COSTS, CHAINS | {"slam": ["slam", "lora"]}, "^chains: slam counts slam . lora; .* itself last"),
        (COSTS, CHAINS | {"slam": ["reasoner", "slam"]}, "^chains: slam counts reasoner . slam; .*'reasoner' does not"),
        (COSTS, CHAINS | {"lora": ["lora"]}, "^costs of lora, seed 1: seconds is missing"),
        (COSTS | {("slam", 2): cost(1, 1)}, CHAINS, "^costs of two-stage, seed 2|^costs of question-alignment, seed 2"),
        (COSTS | {("slam", 1): cost(1, 0)}, CHAINS, "^costs of slam, seed 1: tokens is 0"),
        (COSTS | {("slam", 1): cost(float("nan"), 1)}, CHAINS, "^costs of slam, seed 1: seconds is nan"),
    ],
)
def test_broken_costs_are_refused(costs, chains, message):
    with pytest.raises(ValueError, match=message) as error:
        slam_costs(costs, chains, OPTIONS)
    assert "\n" not in str(error.value)


def probe_rows(msd: list[float]) -> list[dict]:
    random = np.random.default_rng(2)
    return [
        {
            "layer": layer, "language": code, "width": 8, "questions": 10, "tokens": 90, "active": random.random(),
            "active_neurons": 4, "overlap": 0.5, "msd": value, "msd_neurons": value * 2, "stability": 1.0,
        }
        for layer, value in enumerate(msd) for code in LANGUAGES
    ]  # fmt: skip


MSD = [0.04, 0.03, 0.01, 0.02]


def planted(right_of_layer: list[int], seed: int = 0) -> tuple[dict, dict]:
    """A sweep in which layer l alone answers so many of the questions, the first ones, in every language."""
    frames = {("reasoner", "mini", seed): frame(np.zeros((IDS, 3), bool))}
    for layer, count in enumerate(right_of_layer):
        right = np.repeat((np.arange(IDS) < count)[:, None], 3, axis=1)
        frames[f"sweep-{layer}", "mini", seed] = frame(right)
    return frames, {(f"sweep-{layer}", seed): layer for layer in range(len(right_of_layer))}


def test_a_planted_correlation_is_found():
    frames, tuned = planted([28, 21, 7, 14])
    table = sweep_table(frames, {0: pd.DataFrame(probe_rows(MSD))}, tuned, OPTIONS)
    assert tuple(table.columns) == SWEEP_COLUMNS
    assert table["layer"].tolist() == [0, 1, 2, 3] and table["model"].tolist() == [f"sweep-{i}" for i in range(4)]
    assert table["msd"].tolist() == MSD
    assert table["msd_rank"].tolist() == table["gain_rank"].tolist() == [1, 2, 4, 3]
    assert table["gain"].tolist() == pytest.approx([28 / 30, 21 / 30, 7 / 30, 14 / 30], abs=1e-6)
    assert (table["gain_low"] < table["gain"]).all() and (table["gain"] < table["gain_high"]).all()
    # Nested sets of right answers: every draw keeps their order, but for ties that leave out all that tells them apart.
    assert table[["spearman", "spearman_high"]].to_numpy().tolist() == [[1.0, 1.0]] * 4
    assert (table["spearman_low"] > 0.9).all()

    frames, tuned = planted([7, 14, 28, 21])
    turned = sweep_table(frames, {0: pd.DataFrame(probe_rows(MSD))}, tuned, OPTIONS)
    assert turned["spearman"].tolist() == [-1.0] * 4


def test_the_interval_of_the_correlation_against_a_direct_computation():
    right = answers([f"sweep-{i}" for i in range(4)], {f"sweep-{i}": r for i, r in enumerate((0.5, 0.55, 0.4, 0.45))})
    frames = {("reasoner", "mini", 0): frame(answers(["m"], {"m": 0.4})["m"])}
    frames |= {(model, "mini", 0): frame(table) for model, table in right.items()}
    found = sweep_table(frames, {0: pd.DataFrame(probe_rows(MSD))}, {(m, 0): int(m[-1]) for m in right}, OPTIONS).iloc[
        0
    ]
    reference, draws = answers(["m"], {"m": 0.4})["m"], []
    for weights in draw_weights("mini", IDS, DRAWS):
        gains = [round(float((weights @ (t.astype(int) - reference).mean(axis=1)) / IDS), 6) for t in right.values()]
        draws.append(pd.Series(MSD).rank().corr(pd.Series(gains).rank()))
    low, high = np.nanquantile(draws, [0.025, 0.975])
    assert (found["spearman_low"], found["spearman_high"]) == pytest.approx((low, high), abs=1e-6)
    assert found["spearman"] == pytest.approx(0.8) and low < 0.5


def test_what_is_constant_correlates_with_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for counts, msd in (([9, 9, 9, 9], MSD), ([9, 8, 7, 6], [0.1] * 4)):
            frames, tuned = planted(counts)
            table = sweep_table(frames, {0: pd.DataFrame(probe_rows(msd))}, tuned, OPTIONS)
            assert table[["spearman", "spearman_low", "spearman_high"]].isna().all(axis=None)
    assert table["msd_rank"].tolist() == [1] * 4


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=9))
@settings(max_examples=60, deadline=None)
def test_spearman_is_pandas_own_of_ranks(pairs):
    left, right = np.array(pairs, float).T
    found = spearman(left[None], np.stack([right, -right, left]))
    constant = len(set(left)) == 1 or len(set(right)) == 1
    assert np.isnan(found[0]) == constant
    if not constant:
        expected = np.corrcoef(pd.Series(left).rank(), pd.Series(right).rank())[0, 1]
        assert found == pytest.approx([expected, -expected, 1.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"probes": {1: pd.DataFrame(probe_rows(MSD))}}, "^seed 0: no probe.parquet"),
        ({"probes": {0: pd.DataFrame(probe_rows(MSD[:3]))}}, "^seed 0: sweep-3 tunes layer 3, .* the layers 0 to 2"),
        ({"tuned": {("sweep-3", 0): 2}}, "^mini, seed 0: sweep-2 and sweep-3 both tune layer 2"),
        ({"tuned": {("sweep-9", 0): 9}}, "^mini, seed 0: sweep-9 tunes a layer, but has no scores"),
        ({"without": "sweep-1"}, "^mini, seed 0: sweep-1 was scored, but has no layers.json"),
        ({"reference": "base"}, "^mini, seed 0: reasoner was scored, but has no layers.json"),
        ({"unscored": ["reasoner"]}, "^mini, seed 0: no scores of 'reasoner', the reference"),
        ({"unscored": [f"sweep-{i}" for i in range(4)]}, "^mini, seed 0: no model that tunes a layer was scored"),
    ],
)
def test_broken_sweeps_are_refused(change, message):
    frames, tuned = planted([28, 21, 7, 14])
    frames = {key: scores for key, scores in frames.items() if key[0] not in change.get("unscored", [])}
    tuned = {key: layer for key, layer in (tuned | change.get("tuned", {})).items() if key[0] != change.get("without")}
    probes = change.get("probes", {0: pd.DataFrame(probe_rows(MSD))})
    with pytest.raises(ValueError, match=message) as error:
        sweep_table(frames, probes, tuned, {**OPTIONS, "reference": change.get("reference", "reasoner")})
    assert "\n" not in str(error.value)


# --- Scripts and figures ----------------------------------------------------------------------------------------------


def script(name: str, *arguments: object) -> int:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main([str(argument) for argument in arguments])


COUNTS = {"trainable_parameters": 1, "total_parameters": 8}


def written(folder: Path) -> dict[str, list[Path]]:
    """The files of a small study with a sweep over four layers, as the workflow lays them out."""
    frames, _ = planted([28, 21, 7, 14], seed=1)
    files: dict[str, list[Path]] = {"scores": [], "costs": [], "layers": []}
    for (model, benchmark, _), scores in frames.items():
        path = folder / "seed-1" / "scores" / model / f"{benchmark}.parquet"
        path.parent.mkdir(parents=True)
        scores.to_parquet(path)
        files["scores"].append(path)
        path = folder / "costs" / "seed-1" / f"{model}.csv"
        write_costs(path, {"model": model, "seed": 1, **cost(50, 5_000_000), **COUNTS, "reward_seconds": 0.0})
        files["costs"].append(path)
    probe = folder / "seed-1" / "slam" / "reasoner" / "probe.parquet"
    probe.parent.mkdir(parents=True)
    pd.DataFrame(probe_rows(MSD)).to_parquet(probe)
    for layer in range(4):
        path = folder / "seed-1" / "slam" / f"sweep-{layer}" / "layers.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(select_layers(probe_rows(MSD), [layer], 1)))
        files["layers"].append(path)
    return files | {"probes": [probe]}


def asked(files: dict[str, list[Path]]) -> dict[str, dict]:
    """Everything that was scored."""
    whole = {"languages": LANGUAGES, "questions": None, "questions_en": None}
    return {"asked": {f"{path.parent.name}/{path.stem}": whole for path in files["scores"]}}


def test_scripts_write_tables_and_figures_that_are_the_same_bytes_twice(tmp_path):
    files = written(tmp_path / "results")
    options = {**OPTIONS, **asked(files), "baseline": "sweep-1"}
    chains = {model: [model] for model in ("sweep-0", "sweep-1")}
    rule = {"choose": "leading", "by": "msd", "threshold": 0.6, "count": None}
    slam = tmp_path / "slam" / "layers.json"
    slam.parent.mkdir()
    slam.write_text(json.dumps(select_layers(probe_rows(MSD), rule, 1)))
    given = json.dumps(options)
    for out in (tmp_path / "first", tmp_path / "second"):
        for name, arguments, suffix in (
            ("make_slam_table", [*files["scores"], "--costs", *files["costs"]], "slam.csv"),
            ("make_slam_costs", files["costs"], "costs.csv"),
            (
                "make_slam_sweep",
                [*files["scores"], "--probes", *files["probes"], "--layers", *files["layers"]],
                "w.csv",
            ),
            ("plot_slam_probe", ["--probe", *files["probes"], "--layers", slam, *files["layers"]], "probe.png"),
            ("plot_slam_sweep", ["--table", out / "w.csv"], "sweep.png"),
        ):
            with_chains = json.dumps({**options, "chains": chains}) if name == "make_slam_costs" else given
            assert script(name, *arguments, "--options", with_chains, "--out", out / suffix) == 0
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
    assert {path.name for path in (tmp_path / "first").iterdir()} == {
        "slam.csv", "costs.csv", "w.csv", "probe.png", "sweep.png",
    }  # fmt: skip
    assert len(pd.read_csv(tmp_path / "first" / "slam.csv")) == 5
    assert pd.read_csv(tmp_path / "first" / "costs.csv")["seconds_per_million_tokens"].tolist() == [10.0, 10.0]
    assert pd.read_csv(tmp_path / "first" / "w.csv")["spearman"].tolist() == [1.0] * 4
    for name in ("probe.png", "sweep.png"):
        assert (tmp_path / "first" / name).read_bytes().startswith(b"\x89PNG")


def test_the_probe_figure_shows_which_layers_were_chosen(tmp_path):
    pd.DataFrame(probe_rows(MSD)).to_parquet(tmp_path / "probe.parquet")
    for name, layers in (("a", [0]), ("b", [0, 1])):
        (tmp_path / f"{name}.json").write_text(json.dumps(select_layers(probe_rows(MSD), layers, 1)))
        draw_probe(tmp_path / "probe.parquet", [("slam", tmp_path / f"{name}.json")], tmp_path / f"{name}.png", OPTIONS)
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()


def test_a_sweep_of_many_panels_and_no_correlation_is_drawn(tmp_path):
    frames, tuned = planted([9, 9, 9, 9])
    frames |= {(model, other, 0): scores for (model, _, _), scores in frames.items() for other in ("two", "three")}
    table = sweep_table(frames, {0: pd.DataFrame(probe_rows(MSD))}, tuned, OPTIONS)
    table.to_csv(tmp_path / "sweep.csv", index=False)
    draw_sweep(tmp_path / "sweep.csv", tmp_path / "sweep.png", OPTIONS)
    assert (tmp_path / "sweep.png").stat().st_size > 10_000


def test_broken_files_are_one_line_and_leave_nothing_behind(tmp_path, capsys):
    files = written(tmp_path / "results")
    probe, layers, score = files["probes"][0], files["layers"], files["scores"]
    out, options = tmp_path / "out", json.dumps({**OPTIONS, **asked(files)})

    def refused(name: str, *arguments: object) -> str:
        assert script(name, *arguments, "--options", options, "--out", out) == 1
        told = capsys.readouterr().err
        assert told.count("\n") == 1 and told.startswith(f"{name}: ") and not out.exists()
        return told

    layers[0].write_text(json.dumps(select_layers(probe_rows(MSD), [0, 2], 1)))
    told = refused("make_slam_sweep", *score, "--probes", probe, "--layers", *layers)
    assert f"{layers[0]}: chooses the layers [0, 2]; a model of the sweep tunes a single one" in told
    assert "a second probe of seed 1" in refused(
        "make_slam_sweep", *score, "--probes", probe, probe, "--layers", *layers[1:]
    )
    layers[0].write_text(json.dumps(select_layers(probe_rows(MSD[:3]), [0], 1)))
    told = refused("plot_slam_probe", "--probe", probe, "--layers", layers[0])
    assert "chosen among 3 layers, but" in told and "has 4" in told
    layers[0].write_text("{")
    assert "cannot be read as JSON" in refused("plot_slam_probe", "--probe", probe, "--layers", layers[0])
    probe.write_text("x")
    assert "cannot be read as a probe" in refused("plot_slam_probe", "--probe", probe, "--layers", layers[1])
    files["costs"][1].write_text("seconds,tokens\nfast,1\n")
    assert "not the costs of a training" in refused("make_slam_costs", *files["costs"])
    files["costs"][1].write_text(f"{','.join([*MEASURED, *COUNTED])}\n")
    assert "0 rows, not one" in refused("make_slam_costs", *files["costs"])
    files["costs"][1].unlink()
    assert "sweep-0" in refused("make_slam_table", *score, "--costs", *files["costs"])
    (tmp_path / "empty.csv").write_text("benchmark,seed,layer\n")
    assert "no rows to draw" in refused("plot_slam_sweep", "--table", tmp_path / "empty.csv")
