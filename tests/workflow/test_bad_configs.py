"""Configurations that cannot be run: one line that names file, key and nearest valid choice, before any job."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from bad_configs import OTHERS, PROMISED
from edits import compiled, edited, put, refusal
from hypothesis import given, settings
from hypothesis import strategies as st
from workspaces import ROOT, copy_repository, dry_run, snakemake

from vernacular.language.phrasebook import PhrasebookError, load_phrasebook
from vernacular.run.asked_targets import check_asked_targets
from vernacular.storage.yaml_file import YamlError
from vernacular.study.check import check_owner
from vernacular.study.compile import RESERVED, compile_study
from vernacular.study.schema import StudyError, load_schema
from vernacular.study.sources import check_folders


def never(file: str) -> bool:
    """Of a rule: makes no file."""
    return False


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_snakemake_refuses(finished: Path, default_study: dict[str, Any], write_config: Any) -> None:
    """Although every output exists and nothing would run."""
    edit, said = PROMISED["checkpoint between rollouts"]
    path = write_config(edited(default_study, edit))
    complaint = dry_run(finished, "--configfile", path).complaint
    assert complaint.startswith(f"vernacular: {path}: ")
    assert all(part in complaint for part in said), complaint


@pytest.mark.parametrize("name", [*PROMISED, *OTHERS])
def test_the_study_is_refused(name: str, default_study: dict[str, Any]) -> None:
    edit, said = (PROMISED | OTHERS)[name]
    message = refusal(default_study, edit)
    assert all(part in message for part in said), message
    assert "3f9c1" not in message


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in inner for place in places(value, (*path, key)))]


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 300),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.dates(),
    st.lists(st.integers(-1, 3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@given(data=st.data(), junk=JUNK)
@settings(max_examples=150, deadline=None)
def test_any_junk_is_one_line_or_a_study(data: st.DataObject, junk: Any) -> None:
    config = load(ROOT / "config" / "smoke.yaml")
    place = data.draw(st.sampled_from(places(config)[1:]))
    inner: Any = config
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = junk
    try:
        compile_study(config, "mine.yaml", ROOT / "config" / "claims.yaml")
    except StudyError as error:
        message = str(error)
        assert message.startswith("mine.yaml: ") and "\n" not in message and len(message) < 700


def test_errors_name_all_that_a_study_was_read_from(fresh: Path, write_config: Any) -> None:
    overlay = write_config({"study": "tiny", "scale": "tiny"})
    arguments = ("--configfile", "config/config.yaml", overlay, "--config", "bootstrap=many")
    assert dry_run(fresh, *arguments).complaint == (
        f"vernacular: config/config.yaml + {overlay} + --config: bootstrap: expected a whole number, got 'many'"
    )


def test_null_removes_a_model_in_an_overlay(fresh: Path, default_study: dict[str, Any], write_config: Any) -> None:
    with pytest.raises(StudyError, match="evaluations.0.models: model 'fidelity-reward' is not among the study's"):
        compiled(default_study, edit=put("models.fidelity-reward", None))
    first, *others = copy.deepcopy(default_study["evaluations"])
    first["models"].remove("fidelity-reward")
    overlay = write_config({"study": "mine", "models": {"fidelity-reward": None}, "evaluations": [first, *others]})
    run = dry_run(fresh, "--configfile", "config/config.yaml", overlay)
    assert run.jobs["train_grpo"] == 2 and "fidelity-reward" not in run.text


def test_name_of_a_shipped_study(finished: Path, default_study: dict[str, Any], write_config: Any) -> None:
    """Who copies the default study and forgets to rename it would write over its results."""
    path = write_config(default_study)
    complaint = dry_run(finished, "--configfile", path).complaint
    assert complaint == (
        f"vernacular: {path}: study: 'default' is the name of the study in config/config.yaml; "
        "give yours a name of its own"
    )
    check_owner({"study": "mine"}, [path], ROOT / "config")


def test_shipped_studies_have_names_of_their_own() -> None:
    studies = [path for path in (ROOT / "config").glob("*.yaml") if path.name not in ("claims.yaml", "regime.yaml")]
    names = [re.search(r"^study: (\S+)", path.read_text(encoding="utf-8"), re.M) for path in studies]
    found = [name[1] for name in names if name]
    assert len(found) == len(set(found)) == len(names)
    for path in studies:
        check_owner({"study": load(path)["study"]}, [path], ROOT / "config")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("schedule", "did you mean 'schedules'?"), ("slam_sweep", "did you mean 'slam-sweep'?"), ("x-y", "choose from: ")],
)
def test_target_that_the_study_lacks(default_study: dict[str, Any], name: str, hint: str) -> None:
    words = ["--configfile", "a.yaml", "--cores", "2", "--profile", "slurm", "--", "results/a.csv", "all", name]
    with pytest.raises(SystemExit) as caught:
        check_asked_targets(words, {"all": never, "score": "results/a.csv".__eq__}, compiled(default_study))
    message = str(caught.value)
    assert message.startswith(f"vernacular: mine.yaml: evaluations: none has the target '{name}'; {hint}")
    assert "\n" not in message


def test_words_that_are_no_targets(default_study: dict[str, Any]) -> None:
    words = [
        "--forcerun",
        "score",
        "--jobs",
        "5",
        "--executor",
        "slurm",
        "--config",
        "study=x",
        "--",
        "slam",
        "a/b.csv",
    ]
    check_asked_targets(words, {"score": "a/b.csv".__eq__, "slam": never}, compiled(default_study))
    check_asked_targets(["no", "--words", "of", "snakemake"], {}, compiled(default_study))


def test_snakemake_names_the_nearest_target(fresh: Path) -> None:
    complaint = dry_run(fresh, "nosuch", "--configfile", "config/smoke.yaml").complaint
    assert complaint == (
        "vernacular: config/smoke.yaml: evaluations: none has the target 'nosuch'; choose from: adamame, trajectories, "
        "slam, slam-sweep, merge, merge-steering, all, claims, cards, downloads, preflight"
    )


def test_a_target_cannot_have_the_name_of_a_rule(fresh: Path) -> None:
    """Names of targets have no underscore; of the rules' names those without one are taken."""
    rules = [line.split(" ")[0] for line in snakemake(fresh, "--list").out.splitlines()]
    pattern = load_schema()["$defs"]["evaluation"]["properties"]["target"]["pattern"]
    own = {target.name for target in compiled(load(ROOT / "config" / "config.yaml")).named_targets}
    found = {rule for rule in rules if re.search(pattern, rule)} - own
    assert {"all", "claims", "score", "train", "pretrain"} <= found <= RESERVED


def test_phrasebook_with_a_missing_form(tmp_path: Path) -> None:
    folder = copy_repository(tmp_path / "repository")
    file = folder / "src/vernacular/resources/phrasebook" / "fr.yaml"
    book = load(file)
    forgotten = next(iter(book["things"][3]))
    del book["things"][3][forgotten]
    file.write_text(yaml.safe_dump(book, allow_unicode=True), encoding="utf-8")
    complaint = dry_run(folder).complaint
    assert "fr.yaml" in complaint and re.search(r"\bfr\b|French", complaint.replace("fr.yaml", "")), complaint
    assert forgotten in complaint


@pytest.mark.parametrize("text", ["things: [", "things: {}"])
def test_broken_phrasebooks_are_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "fr.yaml").write_text(text, encoding="utf-8")
    with pytest.raises((PhrasebookError, YamlError), match=r"fr\.yaml") as caught:
        load_phrasebook("fr", tmp_path)
    assert "\n" not in str(caught.value)


def test_no_folder_is_looked_for_without_need(default_study: dict[str, Any]) -> None:
    check_folders(compiled(default_study).config)
