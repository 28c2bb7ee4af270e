"""The page of a study from made-up tables: what it shows, and that text is escaped."""

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pages import EVIL, SLOTS, histories_of, hostile_page
from scripts import run_script

from vernacular.evaluation.samples import COLUMNS as SAMPLE_COLUMNS
from vernacular.evaluation.verdicts import COLUMNS as CLAIM_COLUMNS
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.report.options import PageOptions
from vernacular.report.page import any_table, render
from vernacular.report.page_parts import number
from vernacular.report.style import PALETTE
from vernacular.report.training_curves import MIX, mix_table, training_table
from vernacular.storage.tables import with_bounds


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_page(tmp_path_factory.mktemp("page"))


class Reader(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def read(page: Path) -> Reader:
    return Reader(page.read_text(encoding="utf-8"))


def test_text_of_models_is_text(read: Reader) -> None:
    """Nothing that was written became a tag, and all of it can be read."""
    names = [tag for tag, _ in read.tags]
    assert names.count("script") == 1 and names.count("img") == 0 and "b" in names
    assert not any(attribute.startswith("on") for _, attributes in read.tags for attribute in attributes)
    text = "".join(read.words)
    # A trace in each language, captions, a table; the claim, and the finding, which quotes it; a criterion.
    assert text.count(EVIL) == 3 + 2 + 2 + 2 + 1
    assert "2 + 3? <b>ar</b>" in text and "แอนนามีแอปเปิล" in text


def test_nothing_outside_is_asked_for_and_no_link_is_dead(page: Path, read: Reader) -> None:
    ids = {attributes.get("id") for _, attributes in read.tags}
    for tag, attributes in read.tags:
        for name in ("src", "href", "xlink:href"):
            target = attributes.get(name) or "data:"
            assert target.startswith(("data:", "#", "other.html")), (tag, attributes)
            assert not target.startswith("#") or target[1:] in ids, target
    policy = next(a["content"] for tag, a in read.tags if tag == "meta" and "http-equiv" in a)
    assert policy is not None and policy.startswith("default-src 'none'")
    assert not re.search(r"url\((?!#)", page.read_text(encoding="utf-8"))
    text = "".join(read.words)
    how = "snakemake slam --configfile FILE, where FILE is this study's configuration, makes slam.html"
    assert f"SLAM's part: {how}" in text


def test_ids_are_unique(read: Reader) -> None:
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids)) > 20


def test_the_finding_comes_first_and_what_was_not_measured_is_folded_after_the_rest(read: Reader) -> None:
    text = "".join(read.words)
    words = ["Is new better?", "The one claim tested here is supported", "The plot's numbers", "Tested in this study"]
    words += ["Not measured here", "reasoning model thinks", "2 of 3 criteria", "Table of layers"]
    words += ["Share of completions"]
    words += ["Figure training", "What the models wrote"]
    places = [text.index(word) for word in words]
    assert places == sorted(places)
    assert text.count("above 0: on the claimed side") == 2 and "not in this study" in text
    assert len(re.findall(r"p = 0\.\d{4} \(80 % power at a distance of 0\.\d{3}\)", text)) == 2
    assert "12,345 training rows were searched" in text and "lcpr" not in text and "language_consistency" not in text


def test_the_criteria_of_the_regime_are_shown(page: Path) -> None:
    table = pd.read_csv(page.with_name("regime.csv"))
    accuracy, gain = (f"{table.set_index('criterion')['measured'][name]:.3f}" for name in ("base-accuracy", "gains"))
    section = re.search(r'<section id="regime">.*?</section>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert section
    rows = [re.sub("<[^>]+>", "|", row) for row in re.findall("<tr>.*?</tr>", section[0])]
    assert [re.split(r"\|+", row.strip("|"))[:5] for row in rows[1:]] == [
        ["base-accuracy", "accuracy of old; mini, languages other than English", accuracy, "0.4 to 0.7", "✗ no"],
        [
            "lengths",
            "standard deviation of tokens over their mean: the highest minus the lowest of new, old; "
            "mini, Arabic, Thai minus all languages with English",
            "0.000", "at most 0.05", "✓ yes",
        ],
        ["gains", "accuracy of new minus that of old; mini, languages other than English", gain, "at least −0.1",
         "✓ yes"],
    ]  # fmt: skip
    assert "2 of 3 criteria are met" in section[0]


def test_headings_go_down_one_by_one_and_tables_name_their_heads(read: Reader) -> None:
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert all("scope" in attributes for tag, attributes in read.tags if tag == "th")
    tags = [tag for tag, _ in read.tags]
    assert tags.count("caption") == tags.count("table")


def test_a_model_has_one_colour_everywhere(page: Path, read: Reader) -> None:
    """In the plots that the page draws, in figures and next to its name: that of its place in the study."""
    text = page.read_text(encoding="utf-8")
    marked = dict(re.findall(r'style="color:var\(--model-(\d)\)"[^>]*><use href="[^"]+"/></svg>([a-z]+)<', text))
    assert {model: int(place) for place, model in marked.items()} == SLOTS
    points = [a for _, a in read.tags if a.get("class") == "point"]
    assert len(points) == 4  # two models, on a screen and on a phone
    for place, model in enumerate(("old", "new")):
        for kind in ("wide", "narrow"):
            drawn = re.search(rf'<g id="{kind}-point-{place}".*?</g>', text, re.DOTALL)
            assert drawn and f"var(--model-{SLOTS[model]})" in drawn[0] and f"{model} on mini" in drawn[0]
    svg = page.with_name("training.svg").read_text(encoding="utf-8")
    assert PALETTE[SLOTS["new"]] in svg and PALETTE[SLOTS["old"]] not in svg  # grpo and new: old has its colour kept


def test_a_point_says_in_words_what_a_share_of_resamplings_is(read: Reader) -> None:
    tips = [attributes["aria-label"] or "" for _, attributes in read.tags if attributes.get("class") == "point"]
    assert all(
        re.search(r"accuracy 0\.\d{3} \(0\.\d+ to 0\.\d+\), LCPR .* tokens; (on|off) the front, on it in", tip)
        for tip in tips
    )
    assert "%" not in "".join(re.findall(r"(?:old|new)\s+\d+ %", "".join(read.words)))


def test_a_table_shows_numbers_with_their_intervals() -> None:
    """What is the same in every row is left out; whole numbers stay whole, and a cell without a number has a dash."""
    table = pd.DataFrame({"study": "s", "model": ["a", "b"], "seed": 1, "n": [1200, 900], "gain": [0.25, None]})
    found = any_table(table.assign(gain_low=[0.125, None], gain_high=[0.375, None], share=[1, 0.5], seeds=1))
    heads = [("model", False), ("questions", True), ("gain over the baseline", True), ("share", True)]
    assert found["heads"] == heads
    assert found["rows"] == [
        [("a", None, ""), ("1,200", 1200.0, ""), ("0.250", 0.25, "0.125 to 0.375"), ("1.000", 1.0, "")],
        [("b", None, ""), ("900", 900.0, ""), ("–", None, ""), ("0.500", 0.5, "")],
    ]


@pytest.mark.parametrize("name", ["scores", "claims", "samples", "slam"])
def test_a_page_does_not_mix_versions_of_the_metrics(page: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder, old = page.parent, page.parent / "old.csv"
    pd.read_csv(folder / f"{name}.csv").drop(columns="metrics_version").to_csv(old, index=False)
    paths = {part: old if part == name else folder / f"{part}.csv" for part in ("scores", "claims", "samples", "slam")}
    options = PageOptions(
        "s", "miniature", "mine", "Is it?", {}, {}, {"tables/slam.csv": {"title": "T", "caption": "C"}}
    )
    read = [f"--{part}={paths[part]}" for part in ("scores", "claims", "samples")]
    made = ["--tables", paths["slam"], "--options", options.to_json(), "--out", folder / "mixed.html"]
    assert run_script("make_page", *read, *made) == 1
    assert f"{old}: of metrics version 1, but this is version {METRICS_VERSION};" in capsys.readouterr().err
    assert not (folder / "mixed.html").exists()


def test_responses_are_shown_with_how_many_were_identified(page: Path) -> None:
    scores = pd.read_csv(page.with_name("scores.csv"))
    scores.loc[scores["language"] == "th", with_bounds("answer_consistency")] = np.nan
    scores.loc[scores["language"] == "th", "answer_n"] = 0
    html = render({"scores": scores}, [], [], PageOptions("s", "miniature", "mine", "Is it?", {}, {}, {}))
    assert '<td class="n">–<small>of 0</small></td>' in html and ">nan" not in html
    assert ">1.000<small>1.00–1.00</small><small>of 60</small></td>" in html
    assert "metrics version" not in html


def test_a_page_of_scores_alone(page: Path) -> None:
    """A target has any name, and may have neither claims nor samples, figures or further tables."""
    scores = pd.read_csv(page.with_name("scores.csv"))
    options = PageOptions("s", "miniature", "mine", "Is it?", {}, {}, {})
    empty = {
        name: pd.DataFrame(columns=list(columns))
        for name, columns in (("claims", CLAIM_COLUMNS), ("samples", SAMPLE_COLUMNS))
    }
    for tables in ({"scores": scores}, {"scores": scores, **empty, "timed": empty["claims"]}):
        read = Reader(render(tables, [], [], options))
        assert [attributes["id"] for tag, attributes in read.tags if tag == "section"] == ["finding", "scores"]
        assert [attributes["href"] for tag, attributes in read.tags if tag == "a"] == ["#finding", "#scores"]
        assert "Study s: mine" in "".join(read.words)


def test_numbers() -> None:
    assert (number(-0.01234), number(None), number(np.nan), number(12.3, 1)) == ("−0.012", "–", "–", "12.3")


def test_the_mix_of_languages(tmp_path: Path) -> None:
    table = training_table(histories_of(tmp_path))
    assert list(table.columns[:2]) == ["model", "step"] and len(table) == 20
    assert table.loc[table["model"] == "new", "accuracy"].iloc[0] == pytest.approx(0.515)  # the mean of two seeds
    mix = mix_table(table)
    assert list(mix.columns) == ["model", "step", *MIX] and mix[["model", "step"]].equals(table[["model", "step"]])
    assert mix[list(MIX)].sum(axis=1).to_numpy() == pytest.approx(1)
    new = mix[mix["model"] == "new"]
    assert new["query"].is_monotonic_increasing and new["another"].to_numpy() == pytest.approx(0.05)
    (tmp_path / "seed-1/models/new/history.csv").write_text("step\n1\n", encoding="utf-8")
    with pytest.raises(ValueError, match="history.csv: the column .* is missing"):
        training_table([tmp_path / "seed-1/models/new"])
