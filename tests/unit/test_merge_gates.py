"""The figure of the gates by what it shows, and the scripts that write it and the tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from merge_scores import (
    FEW,
    IDS,
    OPTIONS,
    answers,
    changed,
    generations,
    slow_mean,
    slow_rates,
    slow_values,
    study,
    without,
)
from score_rows import write_frames
from scripts import run_script

from vernacular.report import style
from vernacular.report.merge_figures import COLUMNS, draw_gates, gains_by_language, gates_by_language, gates_table
from vernacular.report.merge_tables import MERGE_COLUMNS


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
def test_figures_of_broken_files_are_refused(frames, given, message):
    with pytest.raises(ValueError, match=message) as error:
        gates_table(frames, given, OPTIONS)
    assert "\n" not in str(error.value)


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


def panels_of(monkeypatch, tmp_path, frames, given):
    """The figure as it is drawn: its panels, row by row, and its title."""
    caught = []
    save = style.save_figure
    monkeypatch.setattr(style, "save_figure", lambda figure, *paths: (caught.append(figure), save(figure, *paths)))
    draw_gates(gates_table(frames, given, OPTIONS), {"png": tmp_path / "gates.png"}, OPTIONS)
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
        assert shown.lines[0].get_ydata().tolist() == pytest.approx(expected["gain"].tolist(), abs=1e-6)
        ends = [segment[:, 1].tolist() for segment in shown.lines[2][0].get_segments()]
        assert ends == [pytest.approx(row, abs=1e-6) for row in expected[["gain_low", "gain_high"]].to_numpy().tolist()]
        # The level of no gate, the level of no gain; the borders between low-resource, other languages and English.
        level, *borders = (line.get_xydata()[0] for line in weights.lines if line.get_linestyle() != "None")
        assert level[1] == 1 and sorted(place[0] for place in borders) == [1.5, 2.5]
        assert gains.lines[0].get_ydata() == [0, 0]


def test_no_interval_leaves_the_panel_of_a_benchmark_that_gains_more(monkeypatch, tmp_path):
    """All panels of a column have one scale, and the first does not fix it for the others."""
    gains = {"one": 0.0, "two": 0.4, "three": -0.5}
    frames, given = {}, {}
    for benchmark in gains:
        frames |= study(benchmark)
        given |= generations(benchmark)
    table = gates_table(frames, given, OPTIONS)
    for column, shift in (("gain", 0.0), ("gain_low", -0.1), ("gain_high", 0.1)):
        table[column] = table["benchmark"].map(gains) + shift
    caught = []
    monkeypatch.setattr(style, "save_figure", lambda figure, *paths: caught.append(figure))
    draw_gates(table, {"png": tmp_path / "gates.png"}, OPTIONS)
    for axes in caught[0].axes[1::2]:
        low, high = axes.get_ylim()
        assert low <= -0.6 and high >= 0.5


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


def test_scripts_write_tables_and_a_figure_that_are_the_same_bytes_twice(tmp_path, capsys):
    scores = write_frames(tmp_path / "results", {**study("mini"), **study("other")})
    gates = write_frames(
        tmp_path / "results", {**generations("mini", untold=("th",)), **generations("other")}, "generations"
    )
    asked = {
        f"{path.parent.name}/{path.stem}": {
            "languages": ["en", "de", "sw", "th"],
            "questions": None,
            "questions_en": None,
        }
        for path in [*scores, *gates]
    }
    options = replace(OPTIONS, asked=asked)
    for out in (tmp_path / "first", tmp_path / "second"):
        for name, arguments, suffix in (
            ("make_merge_table", [], "merge.csv"),
            ("make_merge_languages", ["--benchmark", "other"], "merge-other.csv"),
            ("plot_merge_gates", ["--generations", *gates], "merge-gates"),
        ):
            drawn = [f"--{kind}={out / suffix}.{kind}" for kind in ("png", "svg", "pdf", "csv")]
            outputs = drawn if name == "plot_merge_gates" else ["--out", out / suffix]
            assert run_script(name, *scores, *arguments, "--options", options.to_json(), *outputs) == 0
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "second" / path.name).read_bytes(), path.name
    assert len(list((tmp_path / "first").iterdir())) == 6
    table = pd.read_csv(tmp_path / "first" / "merge-gates.csv")
    assert tuple(table.columns) == COLUMNS and table["language"].tolist() == ["th", "sw", "de", "en"] * 2
    assert table.loc[0, ["benchmark", "untold", "seeds"]].tolist() == ["mini", 0.5, 1]
    table = pd.read_csv(tmp_path / "first" / "merge.csv")
    assert tuple(table.columns) == (*MERGE_COLUMNS, "seeds") and len(table) == 6
    table = pd.read_csv(tmp_path / "first" / "merge-other.csv")
    assert len(table) == 3
    assert table.columns.tolist() == ["model", "seed", "th", "sw", "de", "en", "average", "metrics_version"]

    bad = ["--options", replace(options, baseline="layalign").to_json()]
    bad_out = ["--out", tmp_path / "bad"]
    bad_files = [f"--{kind}={tmp_path / 'bad' / kind}" for kind in ("png", "svg", "pdf", "csv")]
    capsys.readouterr()
    assert run_script("make_merge_table", *scores, *bad, *bad_out) == 1
    assert run_script("plot_merge_gates", *scores, "--generations", *gates, *bad, *bad_files) == 1
    assert run_script("make_merge_languages", *scores, "--benchmark", "none", *bad, *bad_out) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == ["make_merge_table", "plot_merge_gates", "make_merge_languages"]
    assert not (tmp_path / "bad").exists()
