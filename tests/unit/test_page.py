"""The page of a study from made-up tables: what it shows, that text is escaped, and that a browser finds no fault."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from claim_scores import CLAIMS, OPTIONS, answers, claim, frame
from scripts import run_script

from vernacular.evaluation.claims import claims_table, timed_table
from vernacular.evaluation.options import RegimeOptions
from vernacular.evaluation.rates import RATES
from vernacular.evaluation.regime import regime_table
from vernacular.evaluation.samples import COLUMNS as SAMPLE_COLUMNS
from vernacular.evaluation.seeds import with_means
from vernacular.evaluation.statistics import score_table
from vernacular.evaluation.verdicts import COLUMNS as CLAIM_COLUMNS
from vernacular.evaluation.version import METRICS_VERSION
from vernacular.language.options import IdentifierOptions
from vernacular.report.options import FigureOptions, PageOptions
from vernacular.report.page import any_table, render
from vernacular.report.page_parts import number
from vernacular.report.pareto import pareto_table
from vernacular.report.style import PALETTE
from vernacular.report.training_curves import MIX, mix_table, training_table
from vernacular.storage import records
from vernacular.storage.tables import with_bounds, write_csv
from vernacular.study.claims import load_claims

IDENTIFIER = IdentifierOptions(languages=["ar", "en", "th"])
SLOTS = {"old": 3, "new": 0}
EVIL = "</pre><script>document.title='broken'</script><img src=https://example.org/x.png onerror=alert(1)>"
LANGUAGES = ["ar", "en", "th"]
COMMON = {"metric": "accuracy", "compare": "value", "languages": "all", "than": None, "low": None, "high": None}
CRITERIA: dict[str, dict[str, Any]] = {
    "base-accuracy": {"models": ["old"], "low": 0.4, "high": 0.7, "why": f"A ceiling. {EVIL}"},
    "lengths": {"metric": "tokens_spread", "models": ["new", "old"], "compare": "range", "languages": ["ar", "th"],
                "than": "every", "high": 0.05, "why": "Traces of one length."},
    "gains": {"models": ["new", "old"], "compare": "difference", "low": -0.1, "why": "There is room."},
}  # fmt: skip
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def histories_of(folder: Path) -> list[Path]:
    """GRPO models of two seeds, whose second answers more and more in the query's language."""
    found = []
    for seed in (1, 2):
        for model, gain in (("grpo", 0.0), ("new", 0.08)):
            path = folder / f"seed-{seed}/models/{model}"
            path.mkdir(parents=True)
            steps = np.arange(1, 11)
            history = {
                "step": steps, "accuracy": 0.5 + 0.01 * seed, "match_rate": 0.1 + gain * steps, "abstained_rate": 0.05,
                "native_rate": 0.1 + gain * steps,
                "english_rate": 0.8 - gain * steps, "alignment_strength": gain * steps, "loss": 0.0,
                "completions/mean_length": 30.0,
            }  # fmt: skip
            pd.DataFrame(history).to_csv(path / "history.csv", index=False)
            found.append(path)
    return found


def generation(scores: pd.DataFrame, text: str) -> pd.DataFrame:
    rows = scores[["id", "language", "sample", "tokens"]].assign(
        prompt="?", completion=text, trace=text, response="\\boxed{5}", finish_reason="stop"
    )
    return rows.reindex(columns=records.GENERATION.names).astype({"told_language": "string"})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, made by the scripts from files, with hostile text wherever models and people write."""
    folder = tmp_path_factory.mktemp("page")
    random = np.random.default_rng(3)
    files, frames = [], {}
    texts = {"old": EVIL, "new": "แอนนามีแอปเปิล 5 ผล\nนี่คือคำตอบ"}
    for model, rate in {"old": 0.3, "new": 0.9}.items():
        right = answers(random, rate, (30, 3, 2))
        scores = frame(right, LANGUAGES, answers(random, rate, right.shape)).assign(
            answer="5", abstained_lines=0, finish_reason="stop"
        )
        frames[model, "mini", 1] = scores
        for kind, rows in (("scores", scores), ("generations", generation(scores, texts[model]))):
            path = folder / f"seed-1/{kind}/{model}/mini.parquet"
            path.parent.mkdir(parents=True)
            schema = records.SCORE if kind == "scores" else records.GENERATION
            blank = dict.fromkeys(schema.names)
            filled = rows.astype(object).where(rows.notna(), None).to_dict("records")
            records.write_rows(
                path, ({name: {**blank, **row}[name] for name in schema.names} for row in filled), schema
            )
            files += [path] * (kind == "scores")
    questions = [
        {"id": f"q{i:04}", "benchmark": "mini", "kind": "math", "language": code, "question": f"2 + 3? <b>{code}</b>",
         "choices": None, "answer": "5"} for i in range(30) for code in LANGUAGES
    ]  # fmt: skip
    records.write_rows(folder / "questions.parquet", questions, records.QUESTION)
    asked = ["--questions", folder / "questions.parquet", "--identifier", IDENTIFIER.to_json()]
    assert run_script("make_samples", *files, *asked, "--out", folder / "samples.csv") == 0
    claims = {"better": claim(statement=f"New is better. {EVIL}", metrics=["accuracy", "lcpr"]), **load_claims(CLAIMS)}
    claims_table(claims, frames, {}, OPTIONS).to_csv(folder / "claims.csv", index=False)
    timed_table(claims, {}, OPTIONS).to_csv(folder / "timed.csv", index=False)
    criteria = {"part": {name: COMMON | given for name, given in CRITERIA.items()}}
    asked_of = RegimeOptions("s", {}, {"old/mini": ["th"], "new/mini": ["th"]})
    write_csv(folder / "regime.csv", regime_table(criteria, frames, asked_of))
    scores = with_means(score_table(frames, "s", ["th"], 100), ["model", "benchmark", "language"], RATES)
    scores.to_csv(folder / "scores.csv", index=False)
    pd.DataFrame([{"corpus": "x", "rows": 12345, "id": 0}]).to_csv(folder / "leaks.csv", index=False)
    pareto_table(frames, 100).to_csv(folder / "pareto.csv", index=False)
    out = [folder / name for name in ("training.svg", "training-languages.svg")]
    named = [(f"--{part}{kind}", path.with_suffix(f".{kind}")) for part, path in zip(("", "mix-"), out, strict=True)
             for kind in ("png", "svg", "pdf", "csv")]  # fmt: skip
    arguments = [argument for pair in named for argument in pair]
    summary = FigureOptions(asked={}, study="s", scale="miniature", draws=9, slots=SLOTS)
    assert run_script("plot_training", *histories_of(folder), "--options", summary.to_json(), *arguments) == 0
    options = PageOptions(
        study="s",
        scale="miniature",
        part="My ablation",
        question="Is new better?",
        pages={"other.html": ["Another part", "other"], "slam.html": ["SLAM's part", "slam"]},
        figures={path.stem: {"title": f"Figure {path.stem}", "caption": EVIL} for path in out},
        tables={"tables/slam.csv": {"title": "Table of layers", "caption": "what is tuned"}},
        slots=SLOTS,
    )
    (folder / "other.html").write_text("the part that is there", encoding="utf-8")
    tuned = {"study": "s", "model": ["slam", "lora"], "seed": 1, "note": EVIL, "n": [1200, 900], "seeds": 1}
    tuned["metrics_version"] = METRICS_VERSION
    gain = {"gain": [0.25, None], "gain_low": [0.125, None], "gain_high": [0.375, None]}
    pd.DataFrame({**tuned, **gain}).to_csv(folder / "slam.csv", index=False)
    read = [
        f"--{name}={folder / name}.csv"
        for name in ("claims", "timed", "regime", "scores", "samples", "leaks", "pareto")
    ]
    made = (
        "--figures",
        *out,
        "--tables",
        folder / "slam.csv",
        "--options",
        options.to_json(),
        "--out",
        folder / "index.html",
    )
    assert run_script("make_page", *read, *made) == 0
    return folder / "index.html"


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
    assert "SLAM's part: in slam.html here, after snakemake slam --configfile FILE" in text


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


# --- in a browser

CHECK = """
<script>
const faults = [];
window.addEventListener("error", (event) => faults.push(String(event.message || event.target.src)), true);
document.addEventListener("securitypolicyviolation", (event) => faults.push(event.violatedDirective));
window.addEventListener("load", () => {
  for (const plot of document.querySelectorAll("figure svg")) {
    const box = plot.getBoundingClientRect(), hidden = plot.closest(".only-narrow");
    if (!hidden && (box.width < 300 || box.height < 100)) faults.push("no plot " + plot.getAttribute("aria-label"));
  }
  const point = document.querySelector(".only-wide .point");
  point.focus();
  const told = document.getElementById("tip").textContent;
  document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}));
  const gone = document.getElementById("tip").hidden;
  const table = document.querySelector("#scores table.sortable");
  const order = () => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent).join(" ");
  const seen = [order()];
  for (const column of [1, 1, 0]) {
    table.tHead.rows[0].cells[column].querySelector("button").click();
    seen.push(order());
  }
  const other = document.querySelector("#tables table.sortable");
  other.tHead.rows[0].cells[2].querySelector("button").click();
  seen.push([...other.tBodies[0].rows].map((row) => row.cells[0].textContent).join(" "));
  for (const part of document.querySelectorAll("details")) part.open = true;
  const report = {faults, seen, told, gone, title: document.title, requests:
    performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("data:"))};
  const result = document.createElement("output");
  result.textContent = "REPORT" + JSON.stringify(report) + "END";
  document.body.append(result);
});
</script>
"""


@pytest.fixture
def seen(page: Path, tmp_path: Path) -> Iterator[dict[str, Any]]:
    if CHROMIUM is None:
        pytest.skip("NO CHROMIUM HERE: the page was not opened in a browser (apt-get install chromium)")
    watched = tmp_path / "watched.html"
    watched.write_text(page.read_text(encoding="utf-8").replace("<style>", CHECK + "<style>", 1), encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0"]
    command += [
        f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=10000",
        "--dump-dom",
        watched.as_uri(),
    ]
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=240)
    found = re.search(r"REPORT(\{.*?\})END</output>", done.stdout, re.DOTALL)
    assert found, done.stderr[-3000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    yield {**json.loads(found[1].replace("&amp;", "&")), "console": console}


def test_in_a_browser(seen: dict[str, Any]) -> None:
    """No error, no message on the console, every figure there, no request; a point tells its numbers, a click sorts."""
    assert seen["faults"] == [] and seen["console"] == [] and seen["requests"] == []
    assert seen["told"].startswith("old on mini: accuracy 0.") and seen["gone"]
    assert seen["title"] == "s, My ablation (miniature) – Vernacular"
    assert seen["seen"] == ["old new", "new old", "old new", "new old", "slam lora"]
