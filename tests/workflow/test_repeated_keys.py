"""A key that stands twice in one mapping, of which YAML keeps the last without a word: a line that names both."""

import re
from pathlib import Path

import pytest
from workspaces import ROOT, dry_run

from vernacular.planning import plan
from vernacular.storage.yaml_file import YamlError, read_yaml

READ = [ROOT / "config", ROOT / "src/vernacular/resources", ROOT / "workflow", ROOT / "profiles", ROOT / ".github"]


def with_a_second(text: str, key: str, new: str) -> tuple[str, int, int]:
    """The text with a line `new` above the one that begins with `key`, and the numbers of both lines."""
    lines = text.split("\n")
    [place] = [number for number, line in enumerate(lines) if line.startswith(key)]
    lines.insert(place, new)
    return "\n".join(lines), place + 1, place + 2


def said(name: str | Path, key: str, first: int, second: int) -> str:
    return (
        f"{name}: line {second}: the key '{key}' is repeated (first in line {first}), and only the last "
        "value would count; rename or remove one"
    )


def test_a_model_that_is_defined_twice(fresh: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    smoke = (fresh / "config/smoke.yaml").read_text(encoding="utf-8")
    text, first, second = with_a_second(smoke, "  sft:", "  sft: {recipe: sft, from: base}")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(YamlError, match=re.escape(said(path, "models.sft", first, second))):
        read_yaml(path)
    path.write_text("bootstrap: 200\nbootstrap: 300\n", encoding="utf-8")  # laid over another
    complaint = dry_run(fresh, "--configfile", "config/smoke.yaml", path).complaint
    assert complaint == f"vernacular: {said(path, 'bootstrap', 1, 2)}"
    with pytest.raises(ValueError, match=re.escape(said(path, "bootstrap", 1, 2))):
        plan.read_study([str(fresh / "config/smoke.yaml"), str(path)])


def test_in_the_default_configuration(workspace: Path) -> None:
    path = workspace / "config/config.yaml"
    text, first, second = with_a_second(path.read_text(encoding="utf-8"), "seeds:", "seeds: [2]")
    path.write_text(text, encoding="utf-8")
    assert dry_run(workspace).complaint == f"vernacular: {said('config/config.yaml', 'seeds', first, second)}"


@pytest.mark.parametrize(
    "text, key, first, second",
    [
        ("a: 1\nb: 2\na: 1\n", "a", 1, 3),
        ("a: 1\n'a': 1\n", "a", 1, 2),
        ("yes: 1\ntrue: 2\n", "true", 1, 2),  # both are the same value
        ("- x: {y: 1, z: 2}\n- x: {y: 1,\n     y: 2}\n", "1.x.y", 2, 3),
        ("a: {b: 1,\n b: 1}\na: 1\n", "a.b", 1, 2),  # the first in the file
        ("a: &a\n  b: 1\n  b: 2\nc: [*a, *a]\n", "a.b", 2, 3),
        ('{"a": 1,\n "a": 2}', "a", 1, 2),  # JSON, which Snakemake takes too
    ],
)
def test_both_lines_are_named(tmp_path: Path, text: str, key: str, first: int, second: int) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(YamlError) as caught:
        read_yaml(path, "x")
    assert str(caught.value) == said("x", key, first, second)


@pytest.mark.parametrize(
    "text, data",
    [
        ("a: &a {x: 1, y: 2}\nb: &b {<<: *a, y: 3}\nc: {<<: *b, y: 4}\n", {"x": 1, "y": 4}),
        ("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}\n", {"x": 1, "y": 2}),
        ("a: {x: 1}\nb: {x: 1}\nc: [{x: 1}, {x: 1}]\n", [{"x": 1}, {"x": 1}]),
        ("c: {1: 1, '1': 2}\n", {1: 1, "1": 2}),
    ],
)
def test_what_is_merged_may_be_overridden(tmp_path: Path, text: str, data: object) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_yaml(path)["c"] == data


@pytest.mark.parametrize("text", ["a: [}", "a: \0", "- " * 50_000, "[" * 50_000, "a: 2026-01-32", "{a: 1}: 1", "a: *a"])
def test_what_is_no_yaml_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(YamlError, match=re.escape(f"{path}: not valid YAML: ")) as caught:
        read_yaml(path)
    assert "\n" not in str(caught.value)


def test_none_of_the_shipped_files_has_one() -> None:
    files = [path for folder in READ for path in folder.rglob("*.yaml")]
    assert len(files) > 40
    for path in files:
        read_yaml(path)
