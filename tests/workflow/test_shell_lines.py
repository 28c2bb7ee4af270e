"""Each shell line is one that its script's own parser takes, also where a study leaves out all that it can."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from edits import compiled
from scripts import run_script
from workspaces import ROOT, dry_run

from vernacular.storage import command
from vernacular.study.schema import StudyError, load_schema, resolved

# Together they use every rule; the smallest has no training at all.
STUDIES = ["smoke", "paper/adamame-distill-1.5b", "paper/slam-metamath-7b", "paper/st-merge-metamath-7b"]
FINISHED = {
    "study": "bare",
    "languages": ["en", "fr"],
    "sources": {"mgsm": {"format": "mgsm", "urls": [{"url": "https://example.org/mgsm_fr.tsv"}]}},
    "benchmarks": {"mgsm": {"source": "mgsm"}},
    "models": {"lrm": {"recipe": "hub", "repo": "owner/name", "revision": "main"}},
    "evaluations": [{"target": "asked", "benchmarks": ["mgsm"], "models": ["lrm"], "languages": ["fr"]}],
}


def optional_keys(data: Any, part: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Each key of a configuration that its schema does not require, with the mapping that holds it."""
    part = resolved(part, schema)
    if isinstance(data, list):
        for entry in data:
            yield from optional_keys(entry, part.get("items", {}), schema)
    elif isinstance(data, dict):
        for key, value in list(data.items()):
            named = part.get("properties", {})
            if key in named and key not in part.get("required", []):
                yield data, key
            sub = named.get(key, part.get("additionalProperties"))
            if key in data and isinstance(sub, dict):
                yield from optional_keys(value, sub, schema)


def without_options(config: dict[str, Any]) -> dict[str, Any]:
    """The study without each key that it can do without, the largest parts first."""
    config, schema = json.loads(json.dumps(config)), load_schema()
    recipes = schema["$defs"]["recipes"]
    parts = [(config, schema), *((recipe, recipes[recipe["recipe"]]) for recipe in config["models"].values())]
    for data, part in parts:
        for place, key in optional_keys(data, part, schema):
            value = place.pop(key)
            try:
                compiled(config)
            except StudyError:
                place[key] = value
    return config


def check_lines(monkeypatch: pytest.MonkeyPatch, folder: Path, config: Path) -> None:
    """Every shell line that a dry run prints goes through the parser of its script, which then does nothing."""
    study = compiled(yaml.safe_load(config.read_text(encoding="utf-8")))
    targets = ["all", "claims", "cards", "downloads", *(target.name for target in study.named_targets)]
    run = dry_run(folder, *targets, "--forceall", "--printshellcmds", "--configfile", config)
    lines = re.findall(r"^Shell command: (?:HF_HUB_OFFLINE=0 )?python (.*) > \S+ 2>&1$", run.text, re.MULTILINE)
    assert len(lines) == sum(run.jobs.values()), run.text
    monkeypatch.setattr(command, "run", lambda name, work: 0)
    for line in dict.fromkeys(lines):
        path, *words = shlex.split(line.removesuffix(" --progress 3 3>&2"))
        assert run_script(Path(path).stem, *words) == 0, line


@pytest.mark.parametrize("study", STUDIES)
def test_a_study_without_what_it_can_leave_out(
    study: str, fresh: Path, write_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = yaml.safe_load((ROOT / "config" / f"{study}.yaml").read_text(encoding="utf-8"))
    bare = without_options({**config, "study": "bare"})
    assert "mirror" not in bare.get("sources", {}) and len(str(bare)) < len(str(config))
    check_lines(monkeypatch, fresh, write_config(bare))


def test_a_study_that_trains_nothing(fresh: Path, write_config: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    check_lines(monkeypatch, fresh, write_config(FINISHED))
