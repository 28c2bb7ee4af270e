"""Fifty typical mistakes of a first study of one's own, as files and words: each ends in one line that names the place
and the remedy, before any job. What is in the files is checked by the functions that the Snakefile calls."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from workspaces import ROOT, dry_run

from vernacular.run.asked_targets import check_asked_targets
from vernacular.run.config_files import check_config_files, names
from vernacular.storage.yaml_file import YamlError
from vernacular.study.check import check_owner
from vernacular.study.compile import Study, compile_study
from vernacular.study.layers import check_named, lay, read_layer
from vernacular.study.schema import StudyError, in_file
from vernacular.study.sources import check_folders

# A small study of one's own; what each mistake changes in it is a text and what takes its place.
MINE = """\
study: mine
languages: [en, fr, ja]
benchmarks:
  sums: {source: phrasebook, questions: {train: 400, test: 20}}
data:
  mixed: [{task: reasoning, benchmarks: {sums: [0.0, 0.5]}}]
  native: [{task: reasoning, benchmarks: {sums: [0.5, 1.0]}, english_trace_share: 0}]
models:
  base: {recipe: pretrain, data: mixed, training: {max_steps: 200, learning_rate: 3e-3}}
  native: {recipe: finetune, from: base, data: native, training: {max_steps: 40, bf16: false, optim: adamw_torch}}
evaluations:
  - {target: mine, benchmarks: [sums], models: [base, native], samples: 4}
"""
CHANGED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "a key mistyped": ("languages: [en", "langauges: [en", ("langauges: unknown key", "did you mean 'languages'")),
    "a key missing": ("study: mine\n", "", ("the key 'study' is missing", "--configfile config/config.yaml mine.yaml")),
    "the name of a shipped study": (
        "study: mine",
        "study: default",
        ("study: 'default' is the name", "name of its own"),
    ),
    "capitals in the name": ("study: mine", "study: My Study", ("study: 'My Study' must have the form",)),
    "one language, no list": ("[en, fr, ja]", "en", ("languages: expected a list, got 'en'",)),
    "a language in English": ("[en, fr, ja]", "[en, French]", ("languages.1: 'French' must have the form",)),
    "Norwegian without quotes": ("[en, fr, ja]", "[en, no]", ("languages.1: expected a text", "put it in quotes")),
    "a language without a phrasebook": (
        "fr, ja]",
        "fr, fi]",
        ("'sums' is made from phrasebooks, and 'fi' has none", "leave it out"),
    ),
    "a tab": ("  sums: {source", "\tsums: {source", ("line 4: is indented with a tab; YAML allows only spaces",)),
    "no space after a colon": ("study: mine", "study:mine", ("line 2: ", "not valid YAML")),
    "a brace left open": ("test: 20}}", "test: 20}", ("not valid YAML: line ",)),
    "a model twice": ("  native: {recipe", "  base: {recipe", ("line 10: the key 'models.base' is repeated", "rename")),
    "an unknown source": ("source: phrasebook", "source: phrasbook", ("benchmarks.sums.source", "'phrasebook'")),
    "questions as a number": (
        "questions: {train: 400, test: 20}",
        "questions: 400",
        ("sums.questions: expected a mapping",),
    ),
    "a test split without questions": (
        ", test: 20",
        "",
        ("'sums' has no questions there", "set benchmarks.sums.questions"),
    ),
    "an unknown task": (
        "task: reasoning, benchmarks: {sums: [0.0",
        "task: reason, benchmarks: {sums: [0.0",
        ("data.mixed.0.task", "did you mean 'reasoning'"),
    ),
    "a part as a mapping": (
        "[{task: reasoning, benchmarks: {sums: [0.0, 0.5]}}]",
        "{task: reasoning}",
        ("data.mixed: expected a list",),
    ),
    "a share in per cent": (
        "[0.0, 0.5]",
        "[0, 50]",
        ("data.mixed.0.benchmarks.sums.1: 50 is too large; the maximum is 1",),
    ),
    "a range downwards": ("[0.0, 0.5]", "[0.5, 0.0]", ("[0.5, 0.0] is empty or reversed; write [low, high]",)),
    "an unknown recipe": ("recipe: finetune", "recipe: fine-tune", ("models.native.recipe", "did you mean 'finetune'")),
    "no recipe": ("recipe: pretrain, ", "", ("models.base: the key 'recipe' is missing; choose from",)),
    "an unknown parent": ("from: base", "from: bse", ("models.native.from: unknown model 'bse'", "'base'")),
    "its own parent": ("from: base", "from: native", ("models.native.from: a cycle: native -> native",)),
    "no parent": ("from: base, ", "", ("models.native: the key 'from' is missing",)),
    "an unknown set": ("data: native, tr", "data: nativ, tr", ("models.native.data: set 'nativ'", "'native'")),
    "a key of another recipe": ("from: base", "from: base, prompts: 5", ("models.native.prompts: unknown key",)),
    "like a model that is not there": (
        "recipe: finetune, from",
        "like: bas, from",
        ("models.native.like: unknown", "'base'"),
    ),
    "like, and another recipe": (
        "recipe: finetune,",
        "recipe: finetune, like: base,",
        ("models.native.recipe", "leave one"),
    ),
    "an option mistyped": ("max_steps: 40", "max_step: 40", ("training.max_step: not an option", "'max_steps'")),
    "an option of ours": ("max_steps: 40", "seed: 3", ("models.native.training.seed: the workflow sets this option",)),
    "steps in words": ("max_steps: 40", "max_steps: ten", ("training.max_steps: expected a whole number, got 'ten'",)),
    "a rate that is no number": (
        "3e-3",
        "3-e3",
        ("models.base.training.learning_rate: expected a number, got '3-e3'",),
    ),
    "a rate below 0": ("3e-3", "-3e-3", ("learning_rate: -0.003 is too small; it must be at least 0",)),
    "an unknown optimizer": (
        "adamw_torch",
        "adamw_typo",
        ("training.optim: 'adamw_typo'", "did you mean 'adamw_torch"),
    ),
    "a truth value in words": ("bf16: false", "bf16: maybe", ("training.bf16: expected true or false, got 'maybe'",)),
    "a target called like a rule": (
        "target: mine",
        "target: score",
        ("target: 'score' is taken; choose another name",),
    ),
    "an unknown benchmark": ("[sums], models", "[sum], models", ("evaluations.0.benchmarks", "did you mean 'sums'")),
    "an unknown model": ("[base, native], s", "[base, natve], s", ("evaluations.0.models", "did you mean 'native'")),
    "no samples": ("samples: 4", "samples: 0", ("evaluations.0.samples: 0 is too small; the minimum is 1",)),
    "greedy samples": ("samples: 4", "samples: 4, temperature: 0", ("evaluations.0.samples", "set samples: 1")),
}
# Files of their own, in the order of --configfile.
FILES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "an empty file": ({"mine.yaml": "# later\n"}, ("mine.yaml: is empty", "study: mine")),
    "a list": ({"mine.yaml": "- study: mine\n"}, ("mine.yaml: line 1: not a mapping of keys",)),
    "an overlay alone": (
        {"mine.yaml": "study: mine\nbootstrap: 200\n"},
        ("mine.yaml: the file: the key 'languages' is missing", "--configfile config/config.yaml mine.yaml"),
    ),
    "files in the wrong order": (
        {"small.yaml": "study: small\nbootstrap: 200\n", "mine.yaml": MINE},
        ("mine.yaml: is a whole study and would undo small.yaml", "--configfile mine.yaml small.yaml"),
    ),
    "an overlay without a name": (
        {"mine.yaml": MINE, "small.yaml": "bootstrap: 200\n"},
        ("small.yaml: the key 'study' is missing", "results/mine", "study: small"),
    ),
    "a model removed that another starts from": (
        {"mine.yaml": MINE, "less.yaml": "study: less\nmodels: {base: null}\n"},
        ("mine.yaml + less.yaml: evaluations.0.models: model 'base' is not among",),
    ),
}
# Words after `snakemake`, with mine.yaml there.
WORDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "a target after the file": (
        "--configfile mine.yaml mine",
        ("--configfile takes all words up to the next option", "snakemake mine --configfile mine.yaml"),
    ),
    "a target after --forcerun": (
        "--configfile mine.yaml --forcerun score mine",
        ("--forcerun takes all words up to the next option", "snakemake mine --forcerun score --configfile mine.yaml"),
    ),
    "a file after --forcerun": (
        "--configfile mine.yaml --forcerun score results/mine/tables/scores.csv",
        ("snakemake results/mine/tables/scores.csv --forcerun score --configfile mine.yaml",),
    ),
    "a rule mistyped": ("--configfile mine.yaml -R scor", ("-R: there is no rule or file 'scor'", "'score'")),
    "a target mistyped": ("mne --configfile mine.yaml", ("none has the target 'mne'; did you mean 'mine'",)),
    "a file mistyped": (
        "results/mine/table/scores.csv --configfile mine.yaml",
        ("no rule of mine.yaml makes this file; did you mean 'results/mine/tables/scores.csv'",),
    ),
    "a file of another study": (
        "results/default/tables/scores.csv --configfile mine.yaml",
        ("is of the study 'default', and mine.yaml is 'mine'", "use --configfile FILE, where FILE is the config"),
    ),
    "a configuration as a target": (
        "-n mine.yaml",
        ("mine.yaml: is a configuration, not a target", "snakemake --configfile mine.yaml"),
    ),
    "--configfile twice": (
        "--configfile mine.yaml --configfile mine.yaml",
        (
            "--configfile is given 2 times, and only the last counts",
            "put all files after one: --configfile config/config.yaml mine.yaml",
        ),
    ),
    "no such file": ("--configfile min.yaml", ("min.yaml: there is no such file; did you mean 'mine.yaml'",)),
    "a file that no rule makes": (
        "notes/thoughts.docx --configfile mine.yaml",
        ("no rule of mine.yaml makes this file; snakemake --list --configfile mine.yaml names",),
    ),
    "a target after --config": (
        "--configfile mine.yaml --config bootstrap=200 mine",
        ("--config takes all words", "snakemake mine --config KEY=VALUE --configfile mine.yaml"),
    ),
}


def study_of(files: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """What the Snakefile makes of files, before any rule."""
    monkeypatch.chdir(folder)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    layers = [read_layer(name, name) for name in files]
    whole = lay(layers, ROOT / "config")
    check_named(layers)
    study = compile_study(whole, names(layers), ROOT / "config" / "claims.yaml")
    with in_file(names(layers)):
        check_folders(study.config)
        check_owner(study.config, map(Path, files), ROOT / "config")
    return study


def test_they_are_fifty_and_the_study_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(CHANGED) + len(FILES) + len(WORDS) >= 50
    study = study_of({"mine.yaml": MINE}, tmp_path, monkeypatch)
    assert study.config["models"]["base"]["training"]["learning_rate"] == 0.003
    assert all(MINE.count(old) == 1 for old, _, _ in CHANGED.values())


@pytest.mark.parametrize("name", CHANGED)
def test_a_mistake_in_a_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, said = CHANGED[name]
    with pytest.raises((StudyError, YamlError)) as caught:
        study_of({"mine.yaml": MINE.replace(old, new)}, tmp_path, monkeypatch)
    message = str(caught.value)
    assert message.startswith("mine.yaml: ") and "\n" not in message and all(part in message for part in said), message


@pytest.mark.parametrize("name", FILES)
def test_a_mistake_in_files(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, said = FILES[name]
    with pytest.raises((StudyError, YamlError)) as caught:
        study_of(files, tmp_path, monkeypatch)
    message = str(caught.value)
    assert "\n" not in message and all(part in message for part in said), message


@pytest.mark.parametrize("name", WORDS)
def test_a_mistake_in_a_command(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line, said = WORDS[name]
    study = study_of({"mine.yaml": MINE}, tmp_path, monkeypatch)
    rules: Any = {"score": lambda file: file.startswith("results/mine/tables/"), "mine": lambda file: False}
    with pytest.raises(SystemExit) as caught:
        check_config_files(shlex.split(line))
        check_asked_targets(shlex.split(line), rules, study)
    message = str(caught.value)
    assert message.startswith("vernacular: ") and "\n" not in message, message
    assert all(part in message for part in said), message


@pytest.mark.parametrize(
    "words, said",
    [
        ("--configfile config/config.yaml schedules", "snakemake schedules --configfile config/config.yaml"),
        ("--configfile config/confg.yaml", "config/confg.yaml: there is no such file; did you mean 'config.yaml'?"),
        (
            "--forcerun pareto results/default/figures/pareto.png",
            "no rule or file 'pareto'; did you mean 'plot_pareto'?",
        ),
        ("results/default/figures/paretto.png", "did you mean 'results/default/figures/pareto.png'?"),
    ],
)
def test_snakemake_says_so(words: str, said: str, fresh: Path) -> None:
    assert said in dry_run(fresh, *words.split()).complaint


def test_targets_first(fresh: Path) -> None:
    run = dry_run(fresh, "results/default/figures/pareto.png", "--forcerun", "plot_pareto")
    assert run.jobs["plot_pareto"] == 1 and "make_page" not in run.jobs
