"""The tables of the merges against slow, obvious computations; their figure by what it shows."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vernacular.corpus import records
from vernacular.evaluation.statistics import draw_weights, score_table
from vernacular.figures import merge as figure_of
from vernacular.figures.merge import gains_by_language, gates_by_language, gates_figure
from vernacular.merge.tables import MERGE_COLUMNS, in_order, language_table, low_resource_of, merge_table

LANGUAGES, IDS, FEW, DRAWS = ["de", "en", "sw", "th"], 40, 12, 200
OPTIONS = {
    "study": "s", "scale": "miniature", "draws": DRAWS, "reference": "llm", "baseline": "mindmerger",
    "model": "st-merge", "low_resource": ["th", "ur", "sw"],
}  # fmt: skip
MODELS = ["llm", "mindmerger", "st-merge"]
SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


def frame(right: np.ndarray, few: int = FEW) -> pd.DataFrame:
    """Scores of answers that are `right` (question, language): all questions in English, the first few in others."""
    rows = [
        {
            "id": f"q{i:02}", "language": code, "sample": 0, "correct": bool(right[i, j]), "answer": "1",
            "trace_language": code, "line_pass": True, "word_pass": True, "code_switched": False,
            "abstained_lines": 0, "tokens": 9, "finish_reason": "stop",
        }
        for i in range(right.shape[0]) for j, code in enumerate(LANGUAGES) if code == "en" or i < few
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=records.SCORE.names)


def answers(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {model: random.random((IDS, len(LANGUAGES))) < 0.35 + 0.15 * i for i, model in enumerate(MODELS)}


def study(benchmark: str = "mini", seed: int = 0) -> dict[tuple[str, str, int], pd.DataFrame]:
    return {(model, benchmark, seed): frame(right) for model, right in answers(seed).items()}


def generations(
    benchmark: str = "mini", seed: int = 0, encoder: float = 1.5, untold: tuple[str, ...] = ()
) -> dict[tuple[str, str, int], pd.DataFrame]:
    """Gates of st-merge: encoder -/+ 0.2 by turns, the LLM at 0.75; in `untold` every other question is told none."""
    rows = study(benchmark, seed)["st-merge", benchmark, seed][["id", "language", "sample"]].copy()
    odd = rows["id"].str[1:].astype(int) % 2 == 1
    rows["told_language"] = rows["language"].mask(odd & rows["language"].isin(untold))
    rows["gate_encoder"], rows["gate_llm"] = np.where(odd, encoder + 0.2, encoder - 0.2), 0.75
    return {("st-merge", benchmark, seed): rows.reindex(columns=records.GENERATION.names)}


def slow_rates(right: np.ndarray, benchmark: str = "mini") -> list[dict[str, float]]:
    """Accuracy by language in each draw, question by question; the points come first."""
    result = []
    for weights in [np.ones(IDS), *draw_weights(benchmark, IDS, DRAWS)]:
        drawn = [i for i, times in enumerate(weights.astype(int)) for _ in range(times)]
        rates = {}
        for j, code in enumerate(LANGUAGES):
            asked = [right[i, j] for i in drawn if code == "en" or i < FEW]
            rates[code] = sum(asked) / len(asked)
        result.append(rates)
    return result


def slow_mean(rates: list[dict[str, float]], languages: list[str]) -> np.ndarray:
    return np.array([sum(of[code] for code in languages) / len(languages) for of in rates])


def slow_values(values: np.ndarray) -> list[float]:
    """Point, low and high of values whose first is the point."""
    return [values[0], *np.quantile(values[1:], [0.025, 0.975])]


# --- tables/merge.csv -------------------------------------------------------------------------------------------------


def test_every_value_against_a_direct_computation_where_english_has_more_questions():
    table = merge_table(study(), OPTIONS)
    assert tuple(table.columns) == MERGE_COLUMNS
    assert table["model"].tolist() == MODELS
    row = table.set_index("model").loc["st-merge"]
    assert (row["study"], row["benchmark"], row["seed"]) == ("s", "mini", 0)
    assert (row["n"], row["languages"]) == (IDS + 3 * FEW, 4)
    own, baseline, reference = (slow_rates(answers()[model]) for model in ("st-merge", "mindmerger", "llm"))
    low = ["sw", "th"]
    expected = {
        "average": slow_mean(own, LANGUAGES),
        "english": slow_mean(own, ["en"]),
        "low_resource": slow_mean(own, low),
        "average_gain": slow_mean(own, LANGUAGES) - slow_mean(baseline, LANGUAGES),
        "low_resource_gain": slow_mean(own, low) - slow_mean(baseline, low),
        "english_change": slow_mean(own, ["en"]) - slow_mean(reference, ["en"]),
    }
    for name, values in expected.items():
        found = [row[f"{name}{suffix}"] for suffix in ("", "_low", "_high")]
        assert found == pytest.approx(slow_values(values), abs=2e-6), name
        assert found[1] < found[0] < found[2]


def test_a_model_is_not_compared_with_itself():
    table = merge_table(study(), OPTIONS).set_index("model")
    gains = [column for column in MERGE_COLUMNS if "_gain" in column]
    changes = [column for column in MERGE_COLUMNS if column.startswith("english_change")]
    assert len(gains) == 6 and len(changes) == 3
    assert table.loc["mindmerger", gains].isna().all() and table.loc["llm", changes].isna().all()
    assert table.drop(index="mindmerger")[gains].notna().all(axis=None)
    assert table.drop(index="llm")[changes].notna().all(axis=None)


def test_pairing_narrows_the_interval_of_a_gain():
    """Two models that fail on the same questions but for one: unpaired, the interval would be many times as wide."""
    right = np.random.default_rng(5).random((IDS, 1)) < np.full((IDS, 4), 0.5)
    better = right.copy()
    better[np.flatnonzero(~right[:FEW, 0])[0]] = True
    frames = {("llm", "mini", 0): frame(right), ("mindmerger", "mini", 0): frame(right)}
    row = merge_table(frames | {("st-merge", "mini", 0): frame(better)}, OPTIONS).iloc[2]
    assert row["average_gain"] == pytest.approx((3 / FEW + 1 / IDS) / 4, abs=1e-6)
    assert row["low_resource_gain"] == pytest.approx(1 / FEW, abs=1e-6)
    assert row["english_change"] == pytest.approx(1 / IDS, abs=1e-6)
    assert row["average_gain_low"] == row["low_resource_gain_low"] == row["english_change_low"] == 0
    assert row["english_change_high"] <= 4 / IDS < row["english_high"] - row["english_low"]


def test_equal_models_differ_by_nothing():
    right = answers()["llm"]
    table = merge_table({(model, "mini", 0): frame(right) for model in MODELS}, OPTIONS)
    differences = [column for column in MERGE_COLUMNS if "gain" in column or "change" in column]
    assert table.iloc[2][differences].tolist() == [0.0] * 9
    assert "-0.0," not in table.to_csv() and "-0.0\n" not in table.to_csv()


def test_seeds_and_benchmarks_are_compared_within_themselves():
    frames = study("mini", 0) | study("mini", 1) | study("other", 2)
    table = merge_table(frames, OPTIONS)
    assert list(zip(table["model"], table["benchmark"], table["seed"], strict=True)) == list(frames)
    for seed, found in zip((0, 1, 2), table["average_gain"][2::3], strict=True):
        points = {m: slow_mean(slow_rates(right)[:1], LANGUAGES)[0] for m, right in answers(seed).items()}
        assert found == pytest.approx(points["st-merge"] - points["mindmerger"], abs=1e-6)
    for rows in (table[table["benchmark"] == "other"], table[table["seed"] == 1]):
        alone = {key: scores for key, scores in frames.items() if key[1:] == tuple(rows.iloc[0][["benchmark", "seed"]])}
        pd.testing.assert_frame_equal(merge_table(alone, OPTIONS), rows.reset_index(drop=True))


def test_what_a_benchmark_has_no_language_for_is_empty():
    table = merge_table(study(), {**OPTIONS, "low_resource": ["ur", "en"]})
    assert table.filter(like="low_resource").isna().all(axis=None)
    assert table[["average", "average_low", "english"]].notna().all(axis=None)

    without = {key: scores[scores["language"] != "en"] for key, scores in study().items()}
    table = merge_table(without, OPTIONS)
    assert table.filter(like="english").isna().all(axis=None)
    assert table[["average", "average_low", "low_resource"]].notna().all(axis=None)
    assert table["languages"].tolist() == [3] * 3


def test_single_benchmarks_may_lack_models_that_nothing_is_compared_with():
    frames = study("mini") | study("other")
    del frames["st-merge", "other", 0]
    assert len(merge_table(frames, OPTIONS)) == 5
    assert language_table(frames, "other", OPTIONS)["model"].tolist() == ["llm", "mindmerger"]


# --- tables/merge-<benchmark>.csv -------------------------------------------------------------------------------------


def test_the_papers_layout():
    table = language_table(study() | study("other"), "mini", OPTIONS)
    assert table.columns.tolist() == ["model", "seed", "th", "sw", "de", "en", "average"]
    assert table["model"].tolist() == MODELS and table["seed"].tolist() == [0, 0, 0]
    for model, row in table.set_index("model").iterrows():
        rates = slow_rates(answers()[str(model)])
        for column in ("th", "sw", "de", "en", "average"):
            values = slow_values(slow_mean(rates, LANGUAGES if column == "average" else [column]))
            point, low, high = (f"{100 * round(value, 6):.1f}" for value in values)
            assert row[column] == f"{point} ({low}-{high})"


def test_languages_have_the_intervals_of_the_scores_table():
    frames = study()
    rows = score_table(frames, "s", [], DRAWS).set_index(["model", "language"])
    table = language_table(frames, "mini", OPTIONS).set_index("model")
    for model in MODELS:
        for code in LANGUAGES:
            values = rows.loc[(model, code), ["accuracy", "accuracy_low", "accuracy_high"]]
            point, low, high = (f"{100 * value:.1f}" for value in values)
            assert table.loc[model, code] == f"{point} ({low}-{high})"


def test_each_seed_has_a_row():
    table = language_table(study("mini", 3) | study("mini", 4), "mini", OPTIONS)
    assert list(zip(table["model"], table["seed"], strict=True)) == [(m, s) for s in (3, 4) for m in MODELS]
    alone = language_table(study("mini", 4), "mini", OPTIONS)
    pd.testing.assert_frame_equal(table[table["seed"] == 4].reset_index(drop=True), alone)


@given(
    st.lists(st.sampled_from(["en", "de", "sw", "th", "ur", "zh", "bn"])), st.lists(st.sampled_from(["en", "sw", "th"]))
)
@settings(max_examples=60, deadline=None)
def test_languages_stand_once_and_in_order(languages, low_resource):
    found = in_order(languages, low_resource)
    assert sorted(found) == sorted(set(languages))
    assert "en" not in found[:-1]
    first = low_resource_of(languages, low_resource)
    assert found[: len(first)] == first == sorted(first, key=low_resource.index)
    others = [code for code in found[len(first) :] if code != "en"]
    assert others == sorted(others) and not {*others} & {*low_resource}


# --- Errors -----------------------------------------------------------------------------------------------------------


def without(frames: dict, *models: str) -> dict:
    return {key: scores for key, scores in frames.items() if key[0] not in models}


def changed(model: str, keep) -> dict:
    frames = study()
    scores = frames[model, "mini", 0]
    return frames | {(model, "mini", 0): scores[keep(scores)]}


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (without(study(), "llm"), "^mini, seed 0: no scores of 'llm', merge.reference; add it"),
        (without(study(), "mindmerger"), "^mini, seed 0: no scores of 'mindmerger', merge.baseline; add it"),
        (study() | without(study("mini", 7), "mindmerger"), "^mini, seed 7: no scores of 'mindmerger'"),
        (
            changed("st-merge", lambda rows: rows["id"] != "q39"),
            r"^mini: llm \(seed 0\) and st-merge \(seed 0\) were scored on different questions, such as q39 \(en\)",
        ),
        (changed("llm", lambda rows: rows["language"] != "sw"), r"different questions, such as q00 \(sw\)"),
        # The ids and the languages are the same, since English has all of them; the questions are not.
        (
            changed("st-merge", lambda rows: (rows["id"] != "q03") | (rows["language"] != "th")),
            r"different questions, such as q03 \(th\); evaluate",
        ),
        (changed("st-merge", lambda rows: rows["id"] == "none"), r"^st-merge \(seed 0\) on mini: scores: no rows"),
        (
            study() | {("mindmerger", "mini", 0): study()["llm", "mini", 0].drop(columns="id")},
            r"^mindmerger \(seed 0\) on mini: scores: no column id",
        ),
    ],
)
def test_broken_scores_are_refused(frames, message):
    with pytest.raises(ValueError, match=message) as error:
        merge_table(frames, OPTIONS)
    assert "\n" not in str(error.value)


def test_tables_of_languages_are_refused_where_models_cannot_stand_side_by_side():
    with pytest.raises(ValueError, match="^mono: no model was scored on it; name it"):
        language_table(study(), "mono", OPTIONS)
    with pytest.raises(ValueError, match="different questions"):
        language_table(changed("st-merge", lambda rows: rows["id"] != "q02"), "mini", OPTIONS)


@pytest.mark.parametrize(
    ("frames", "given", "message"),
    [
        (study(), {}, "^no generations of 'st-merge', merge.model"),
        (study(), {("mindmerger", "mini", 0): generations()["st-merge", "mini", 0]}, "^no generations of 'st-merge'"),
        (without(study(), "st-merge"), generations(), "^mini, seed 0: no scores of 'st-merge', merge.model"),
        (without(study(), "mindmerger"), generations(), "^mini, seed 0: no scores of 'mindmerger', merge.baseline"),
        (study(), generations("other"), "^other, seed 0: no scores of 'st-merge'"),
        (
            changed("mindmerger", lambda r: r["id"] != "q02"),
            generations(),
            "^mini: .* different questions, such as q02",
        ),
        (
            study(),
            {key: rows[rows["id"] != "q01"] for key, rows in generations().items()},
            "^generations of st-merge on mini, seed 0: other questions than were scored",
        ),
        (
            study(),
            {key: rows.drop(columns=["gate_llm", "id"]) for key, rows in generations().items()},
            "^generations of st-merge on mini, seed 0: no column id, gate_llm; generate",
        ),
        (
            study(),
            {key: rows.assign(gate_encoder=None, gate_llm=None) for key, rows in generations().items()},
            "^mini: no generation of 'st-merge' has gate weights",
        ),
    ],
)
def test_figures_of_broken_files_are_refused(tmp_path, frames, given, message):
    with pytest.raises(ValueError, match=message) as error:
        gates_figure(frames, given, tmp_path / "gates.png", OPTIONS)
    assert "\n" not in str(error.value) and not list(tmp_path.iterdir())


# --- The figure -------------------------------------------------------------------------------------------------------


def test_gates_are_means_over_questions_with_normal_intervals():
    rows = generations(untold=("sw", "en"))["st-merge", "mini", 0]
    # Two samples of a question share its weights and do not count twice; a question that fits no context has none.
    rows = pd.concat([rows, rows[rows["id"] == "q01"].assign(sample=1)])
    rows.loc[(rows["id"] == "q00") & (rows["language"] == "de"), ["gate_encoder", "gate_llm"]] = np.nan
    table = gates_by_language(study(), {("st-merge", "mini", 0): rows}, "mini", OPTIONS)
    assert table.index.tolist() == ["th", "sw", "de", "en"]
    for code, n in (("th", FEW), ("en", IDS)):
        weights = np.array([1.3, 1.7] * (n // 2))
        half = 1.96 * weights.std(ddof=1) / np.sqrt(n)
        found = table.loc[code, ["gate_encoder", "gate_encoder_low", "gate_encoder_high"]].tolist()
        assert found == pytest.approx([1.5, 1.5 - half, 1.5 + half], abs=1e-5)
    assert table["gate_encoder"]["de"] == pytest.approx((5 * 1.3 + 6 * 1.7) / 11)
    assert table[["gate_llm", "gate_llm_low", "gate_llm_high"]].to_numpy() == pytest.approx(np.full((4, 3), 0.75))
    assert table["untold"].to_dict() == {"th": 0, "sw": 0.5, "de": 0, "en": 0.5}


def test_a_language_without_weights_or_with_one_question_has_no_interval():
    rows = generations()["st-merge", "mini", 0]
    rows.loc[(rows["language"] == "sw") | ((rows["language"] == "th") & (rows["id"] != "q01")), "gate_llm"] = np.nan
    table = gates_by_language(study(), {("st-merge", "mini", 0): rows}, "mini", OPTIONS)
    assert table.index.tolist() == ["th", "sw", "de", "en"]
    assert table.loc["sw"].isna().all()
    assert table.loc["th", "gate_llm"] == 0.75 and np.isnan(table.loc["th", "gate_llm_low"])


def test_seeds_are_averaged_question_by_question_and_draw_by_draw():
    both = generations(seed=0, encoder=1.5) | generations(seed=1, encoder=1.1)
    table = gates_by_language({**study(seed=0), **study(seed=1)}, both, "mini", OPTIONS)
    assert table["gate_encoder"].tolist() == pytest.approx([1.3] * 4)

    gains = gains_by_language({**study(seed=0), **study(seed=1)}, "mini", [0, 1], OPTIONS)
    rates = {(m, s): slow_rates(right) for s in (0, 1) for m, right in answers(s).items()}
    assert gains.index.tolist() == ["th", "sw", "de", "en"]
    for code in gains.index:
        own, other = (sum(slow_mean(rates[m, s], [code]) for s in (0, 1)) / 2 for m in ("st-merge", "mindmerger"))
        assert gains.loc[code].tolist() == pytest.approx(slow_values(own - other), abs=1e-9)


def panels_of(monkeypatch, tmp_path, frames, given, **options):
    """The figure as it is drawn: its panels, row by row, and its title."""
    caught = []
    save = figure_of.save_png
    monkeypatch.setattr(figure_of, "save_png", lambda figure, path: (caught.append(figure), save(figure, path)))
    gates_figure(frames, given, tmp_path / "gates.png", {**OPTIONS, **options})
    assert (tmp_path / "gates.png").read_bytes().startswith(b"\x89PNG")
    return caught[0].axes, caught[0]


def test_the_figure_has_a_row_of_panels_for_each_benchmark(monkeypatch, tmp_path):
    frames = {**study("one"), **study("two")}
    given = {**generations("one", untold=("sw",)), **generations("two", encoder=0.6)}
    panels, figure = panels_of(monkeypatch, tmp_path, frames, given)
    assert [axes.get_title(loc="left") for axes in panels] == [
        "one: gate weights", "one: gain in accuracy", "two: gate weights", "two: gain in accuracy",
    ]  # fmt: skip
    title = figure.get_suptitle()
    assert all(word in title for word in ("st-merge", "mindmerger", "miniature", "study 's'")) and "seeds" not in title
    labels = [[label.get_text().strip() for label in axes.get_xticklabels()] for axes in panels]
    assert labels[0] == ["th", "sw\n50", "de", "en"] and labels[1:] == [["th", "sw", "de", "en"]] * 3
    assert "% of questions whose gate got the mean embedding" in panels[2].get_xlabel()
    for number, benchmark in enumerate(("one", "two")):
        weights, gains = panels[2 * number], panels[2 * number + 1]
        drawn = [container.lines[0].get_ydata().tolist() for container in weights.containers]
        assert drawn == [pytest.approx([1.5 if benchmark == "one" else 0.6] * 4), pytest.approx([0.75] * 4)]
        expected = gains_by_language(frames, benchmark, [0], OPTIONS)
        (shown,) = gains.containers
        assert shown.lines[0].get_ydata().tolist() == pytest.approx(expected["gain"].tolist())
        ends = [segment[:, 1].tolist() for segment in shown.lines[2][0].get_segments()]
        assert ends == [pytest.approx(row) for row in expected[["gain_low", "gain_high"]].to_numpy().tolist()]
        # The level of no gate, the level of no gain; the borders between low-resource, other languages and English.
        level, *borders = (line.get_xydata()[0] for line in weights.lines if line.get_linestyle() != "None")
        assert level[1] == 1 and sorted(place[0] for place in borders) == [1.5, 2.5]
        assert gains.lines[0].get_ydata() == [0, 0]


def test_the_title_tells_of_several_seeds(monkeypatch, tmp_path):
    both = {**generations(seed=0), **generations(seed=1)}
    panels, figure = panels_of(monkeypatch, tmp_path, {**study(seed=0), **study(seed=1)}, both)
    assert len(panels) == 2 and "mean of 2 seeds" in figure.get_suptitle()


def test_nothing_is_said_of_mean_embeddings_where_every_question_was_told(monkeypatch, tmp_path):
    panels, _ = panels_of(monkeypatch, tmp_path, study(), generations())
    assert [label.get_text() for label in panels[0].get_xticklabels()] == ["th", "sw", "de", "en"]
    assert "embedding" not in panels[0].get_xlabel()


def test_texts_of_a_large_figure_do_not_overlap(monkeypatch, tmp_path):
    """Sixteen languages in four rows, each with a number of three digits below it."""
    codes = ["en", "zh", "de", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "ar", "vi", "hi", "sw", "ur"]
    base = {key: scores[scores["language"] == "en"] for key, scores in study().items()}
    frames, given = {}, {}
    for name in ("mini-mgsm", "mini-msvamp", "mini-xcsqa", "mini-xnli"):
        for (model, _, _), scores in base.items():
            frames[model, name, 0] = pd.concat([scores.assign(language=code) for code in codes])
        rows = frames["st-merge", name, 0][["id", "language", "sample"]]
        given["st-merge", name, 0] = rows.assign(told_language=None, gate_encoder=1.0, gate_llm=1.0)
    panels, figure = panels_of(monkeypatch, tmp_path, frames, given)
    figure.canvas.draw()  # the file has another resolution
    renderer, boxes = figure.canvas.get_renderer(), []
    for axes in panels:
        labels = axes.get_xticklabels()
        assert len(labels) == 16
        boxes += [label.get_window_extent(renderer) for label in labels]
        boxes += [axes._left_title.get_window_extent(renderer)]
        boxes += [axes.xaxis.label.get_window_extent(renderer)] if axes.get_xlabel() else []
    boxes += [legend.get_window_extent(renderer) for legend in figure.legends]
    boxes += [figure._suptitle.get_window_extent(renderer)]
    for i, box in enumerate(boxes):
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 and figure.bbox.y0 <= box.y0, box
        assert not any(box.overlaps(other) for other in boxes[:i])


# --- The scripts ------------------------------------------------------------------------------------------------------


def script(name: str, *arguments: object) -> int:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main([str(argument) for argument in arguments])


def written(folder: Path, kind: str, frames: dict) -> list[Path]:
    paths = []
    for (model, benchmark, seed), rows in frames.items():
        paths.append(folder / f"seed-{seed}" / kind / model / f"{benchmark}.parquet")
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(paths[-1])
    return paths


def test_scripts_write_tables_and_a_figure_that_are_the_same_bytes_twice(tmp_path, capsys):
    scores = written(tmp_path / "results", "scores", {**study("mini"), **study("other")})
    gates = written(
        tmp_path / "results", "generations", {**generations("mini", untold=("th",)), **generations("other")}
    )
    asked = {
        f"{path.parent.name}/{path.stem}": {
            "languages": ["en", "de", "sw", "th"],
            "questions": None,
            "questions_en": None,
        }
        for path in [*scores, *gates]
    }
    options = json.dumps({**OPTIONS, "asked": asked})
    for out in (tmp_path / "first", tmp_path / "second"):
        for name, arguments, suffix in (
            ("make_merge_table", [], "merge.csv"),
            ("make_merge_languages", ["--benchmark", "other"], "merge-other.csv"),
            ("plot_merge_gates", ["--generations", *gates], "merge-gates.png"),
        ):
            assert script(name, *scores, *arguments, "--options", options, "--out", out / suffix) == 0
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
    assert len(list((tmp_path / "first").iterdir())) == 3
    table = pd.read_csv(tmp_path / "first" / "merge.csv")
    assert tuple(table.columns) == MERGE_COLUMNS and len(table) == 6
    table = pd.read_csv(tmp_path / "first" / "merge-other.csv")
    assert table.columns.tolist() == ["model", "seed", "th", "sw", "de", "en", "average"] and len(table) == 3

    bad = ["--options", json.dumps({**OPTIONS, "asked": asked, "baseline": "layalign"}), "--out", tmp_path / "bad"]
    capsys.readouterr()
    assert script("make_merge_table", *scores, *bad) == 1
    assert script("plot_merge_gates", *scores, "--generations", *gates, *bad) == 1
    assert script("make_merge_languages", *scores, "--benchmark", "none", *bad) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["make_merge_table", "plot_merge_gates", "make_merge_languages"]
    assert not (tmp_path / "bad").exists()
