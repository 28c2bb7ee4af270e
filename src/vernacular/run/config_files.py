"""Which configuration files a call of Snakemake reads, and how errors name them."""

import os
from pathlib import Path
from typing import Any

from vernacular.storage.yaml_file import read_yaml


def config_files(workflow: Any) -> tuple[list[Path], str]:
    """The files in use and their name in errors. workflow: Snakemake's.

    Raises YamlError for a file that repeats a key: Snakemake takes the last value without a word.
    """
    files = list(workflow.overwrite_configfiles)
    if not files and not workflow.modifier.skip_configfile:
        files = workflow.configfiles[-1:]
    names = [os.path.relpath(f) if Path(f).resolve().is_relative_to(Path.cwd()) else str(f) for f in files]
    for name, path in zip(names, files, strict=True):
        read_yaml(path, name)
    names = names or ["the configuration of the module"]
    if workflow.config_settings.config:
        names.append("--config")
    return [Path(file) for file in files], " + ".join(names)
