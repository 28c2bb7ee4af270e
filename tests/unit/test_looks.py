"""One look a model: in every figure of a study the same colour and marker, whatever models stand next to it."""

from pathlib import Path

import pandas as pd
import pytest
from pages import histories_of
from test_figures import language_scores
from test_pareto import made_up
from test_trajectories import scores as trajectory_scores

from vernacular.report.inline_svg import inline
from vernacular.report.language_scores import draw_languages, languages_table
from vernacular.report.options import FigureOptions, TrajectoriesOptions
from vernacular.report.pareto import draw_pareto
from vernacular.report.style import MARKERS, PALETTE, look, looks
from vernacular.report.training_curves import draw_training, training_table
from vernacular.report.trajectories import draw_trajectories, trajectory_table


def test_sixty_four_models_look_different_and_eight_in_both_ways() -> None:
    every = [look(slot) for slot in range(64)]
    assert len(set(every)) == 64
    assert {one.color for one in every[:8]} == set(PALETTE) and {one.marker for one in every[:8]} == set(MARKERS)


def test_models_without_a_place_take_free_ones() -> None:
    found = looks(["x", "b", "y", "x"], {"a": 0, "b": 1})
    assert found == {"x": look(2), "b": look(1), "y": look(3)}


def test_figures_of_a_study_agree(tmp_path: Path) -> None:
    """Two models of many: the colours of their places are in each figure, and no other model's."""
    slots = {"other": 0, "new": 2, "old": 3, "grpo": 3, "a": 2, "b": 3}
    options = FigureOptions({}, "s", "miniature", 9, [], 6.5, slots)
    language_scores().to_csv(tmp_path / "scores.csv", index=False)
    trajectory_scores(1).to_csv(tmp_path / "t.csv", index=False)
    paths = {name: {"0": "sft@0", "10": f"{name}@10"} for name in ("a", "b")}
    pareto = made_up(2, 1).replace({"lrm": "new", "grpo": "old"})
    drawn = {
        "languages": (draw_languages, languages_table(tmp_path / "scores.csv"), options),
        "training": (draw_training, training_table(histories_of(tmp_path)), options),
        "pareto": (draw_pareto, pareto, options),
        "trajectories": (
            draw_trajectories,
            trajectory_table(tmp_path / "t.csv", paths),
            TrajectoriesOptions("s", "miniature", paths, 6.5, slots),
        ),
    }
    for name, (draw, table, given) in drawn.items():
        draw(table, {"svg": tmp_path / f"{name}.svg"}, given)
        svg = (tmp_path / f"{name}.svg").read_text()
        assert [color for color in PALETTE if color in svg and color != "#000000"] == [PALETTE[2], PALETTE[3]], name


@pytest.mark.parametrize("width", [3.3, 6.5, 9.0])
def test_figures_are_as_wide_as_asked_and_their_text_is_text(tmp_path: Path, width: float) -> None:
    options = FigureOptions({}, "s", "miniature", 9, [], width)
    draw_pareto(made_up(4), {kind: tmp_path / f"p.{kind}" for kind in ("svg", "pdf")}, options)
    svg, pdf = (tmp_path / "p.svg").read_text(), (tmp_path / "p.pdf").read_bytes()
    assert f'width="{72 * width:g}pt"' in svg
    for word in ("grpo", "accuracy", "LCPR", "miniature", "95 %"):
        assert word in svg
    assert f"/MediaBox [ 0 0 {72 * width:g} ".encode() in pdf and b"/TrueType" in pdf or b"/Type0" in pdf


def test_tokens_that_hardly_change_look_as_if_they_hardly_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vernacular.report import style

    caught = []
    monkeypatch.setattr(style, "save_figure", lambda figure, files: caught.append(figure))
    table = pd.DataFrame(
        {"model": "m", "step": range(1, 9), "accuracy": 0.5, "match_rate": 0.2, "tokens": [55.7, 59] * 4}
    )
    draw_training(table.assign(alignment_strength=0.0), {}, FigureOptions({}, "s", "miniature", 9))
    for axes in caught[0].axes:
        low, high = axes.get_ylim()
        assert low == 0 and (high == 1 if "share" in axes.get_title(loc="left") else high > 0)
    assert caught[0].axes[3].get_ylim()[1] > 59


def test_an_inlined_figure_keeps_drawing_alone() -> None:
    evil = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9pt" onload="x()">'
        '<metadata>who</metadata><script>x()</script><a href="https://example.org"><text>t</text></a>'
        '<g id="p" clip-path="url(#c)" style="fill: #0072b2"><use xlink:href="https://example.org/x.svg"/>'
        '<use xlink:href="#c"/><text>a &lt;b&gt;</text></g></svg>'
    )
    html = inline(evil, "f0", "A & B", {"p": 'says "so"'})
    assert "script" not in html and "metadata" not in html and "example.org" not in html and "onload" not in html
    assert 'aria-label="A &amp; B"' in html and "a &lt;b&gt;" in html and "var(--model-0)" in html
    assert 'id="f0-p"' in html and "url(#f0-c)" in html and 'href="#f0-c"' in html
    assert 'aria-label="says &quot;so&quot;"' in html and 'tabindex="0"' in html
    with pytest.raises(ValueError, match="^A & B: the SVG is cut off or broken"):
        inline(evil[:-20], "f0", "A & B")
