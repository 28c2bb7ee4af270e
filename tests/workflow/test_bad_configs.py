"""Configurations that cannot be run: one line that names file, key and nearest valid choice, before any job."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from bad_configs import OTHERS, PROMISED
from edits import edited
from hypothesis import given, settings
from hypothesis import strategies as st
from workspaces import ROOT, copy_repository, dry_run

from vernacular.study.check import check_owner
from vernacular.study.resolve import resolve_study
from vernacular.study.schema import StudyError
from vernacular.study.sources import check_folders


@pytest.mark.parametrize("name", PROMISED)
def test_snakemake_refuses(name: str, finished: Path, default_study: dict[str, Any], write_config: Any) -> None:
    """Although every output exists and nothing would run."""
    edit, said = PROMISED[name]
    path = write_config(edited(default_study, edit))
    complaint = dry_run(finished, "--configfile", path).complaint
    assert complaint.startswith(f"vernacular: {path}: ")
    assert all(part in complaint for part in said), complaint


@pytest.mark.parametrize("name", [*PROMISED, *OTHERS])
def test_resolve_study_refuses(name: str, default_study: dict[str, Any]) -> None:
    edit, said = (PROMISED | OTHERS)[name]
    with pytest.raises(StudyError) as caught:
        resolve_study(edited(default_study, edit), "mine.yaml")
    message = str(caught.value)
    assert message.startswith("mine.yaml: ") and "\n" not in message
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
    config = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text(encoding="utf-8"))
    place = data.draw(st.sampled_from(places(config)[1:]))
    inner: Any = config
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = junk
    try:
        resolve_study(config, "mine.yaml")
    except StudyError as error:
        message = str(error)
        assert message.startswith("mine.yaml: ") and "\n" not in message and len(message) < 700


def test_override_on_the_command_line(fresh: Path) -> None:
    complaint = dry_run(fresh, "--config", "modle=x").complaint
    assert complaint == "vernacular: config/config.yaml + --config: modle: unknown key; did you mean 'models'?"
    assert "bootstrap: 'many' stands here" in dry_run(fresh, "--config", "bootstrap=many").complaint
    assert dry_run(fresh, "--config", "bootstrap=200").jobs


def test_null_removes_a_model_in_an_overlay(fresh: Path, default_study: dict[str, Any], write_config: Any) -> None:
    overlay = {"models": {"fidelity-reward": None}}
    complaint = dry_run(fresh, "--configfile", "config/config.yaml", write_config(overlay)).complaint
    assert "evaluations.0.models: model 'fidelity-reward' is not among the study's models" in complaint
    assert "config/config.yaml + " in complaint  # both files are named
    first, *others = copy.deepcopy(default_study["evaluations"])
    first["models"].remove("fidelity-reward")
    run = dry_run(
        fresh, "--configfile", "config/config.yaml", write_config({**overlay, "evaluations": [first, *others]})
    )
    assert run.jobs["train_grpo"] == 2 and "fidelity-reward" not in run.text


def test_name_of_a_shipped_study(finished: Path, default_study: dict[str, Any], write_config: Any) -> None:
    """Who copies the default study and forgets to rename it would write over its results."""
    path = write_config(default_study)
    complaint = dry_run(finished, "--configfile", path).complaint
    assert complaint == (
        f"vernacular: {path}: study: 'default' is the name of the study in config/config.yaml; "
        "give yours a name of its own"
    )
    path = write_config({**default_study, "study": "mine"})
    assert dry_run(finished, "--configfile", path).jobs["pretrain"] == 1


def test_shipped_studies_have_names_of_their_own() -> None:
    studies = [path for path in (ROOT / "config").glob("*.yaml") if path.name != "claims.yaml"]
    names = [re.search(r"^study: (\S+)", path.read_text(encoding="utf-8"), re.M) for path in studies]
    found = [name[1] for name in names if name]
    assert len(found) == len(set(found)) == len(names)
    for path in studies:
        check_owner({"study": yaml.safe_load(path.read_text(encoding="utf-8"))["study"]}, [path], ROOT / "config", "x")


def test_target_that_the_study_lacks(fresh: Path) -> None:
    run = dry_run(fresh, "schedules", "--configfile", "config/smoke.yaml")
    assert run.status != 0 and "Traceback" not in run.text
    assert "\nvernacular: config/smoke.yaml: evaluations: none has the target 'schedules'" in run.text


def test_phrasebook_with_a_missing_form(tmp_path: Path) -> None:
    folder = copy_repository(tmp_path / "repository")
    file = folder / "resources" / "phrasebook" / "fr.yaml"
    whole = yaml.safe_load(file.read_text(encoding="utf-8"))
    book = copy.deepcopy(whole)
    del book["things"][3][next(iter(book["things"][3]))]
    file.write_text(yaml.safe_dump(book, allow_unicode=True), encoding="utf-8")
    complaint = dry_run(folder).complaint
    assert "fr.yaml" in complaint and re.search(r"\bfr\b|French", complaint.replace("fr.yaml", "")), complaint
    assert next(iter(whole["things"][3])) in complaint
    book = copy.deepcopy(whole)
    del book["trace"]["multiply"]
    file.write_text(yaml.safe_dump(book, allow_unicode=True), encoding="utf-8")
    complaint = dry_run(folder).complaint
    assert "fr.yaml" in complaint and "trace" in complaint and "multiply" in complaint
    file.write_text("things: [", encoding="utf-8")
    assert "fr.yaml" in dry_run(folder).complaint


def test_no_folder_is_looked_for_without_need(default_study: dict[str, Any]) -> None:
    check_folders(resolve_study(default_study, "x"), "x")
