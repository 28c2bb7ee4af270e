"""Which configuration files a call of Snakemake reads, how errors name them, and what they hold together."""

import os
import sys
from pathlib import Path
from typing import Any

from vernacular.storage.yaml_file import YamlError
from vernacular.study.layers import Layer, check_named, lay, read_layer
from vernacular.study.schema import StudyError

DEFAULT = "config/config.yaml"
OPTIONS = ("--configfile", "--configfiles")


def config_files(workflow: Any, config: dict[str, Any], shipped: Path) -> tuple[list[Path], str, dict[str, Any]]:
    """The files in use, their name in errors, and the configuration. workflow: Snakemake's; config: as it read it;
    shipped: the folder of the studies that come with Vernacular.

    Raises YamlError for a file that repeats a key, of which Snakemake takes the last value without a word, and
    StudyError for files that do not go together.
    """
    files = list(workflow.overwrite_configfiles)
    if not files and not workflow.modifier.skip_configfile:
        files = workflow.configfiles[-1:]
    layers = [read_layer(path, shown(path)) for path in files]
    layers = layers or [("the configuration of the module", config)]
    if workflow.config_settings.config:
        layers.append(("--config", dict(workflow.config_settings.config)))
    check_named(layers)
    return [Path(file) for file in files], names(layers), lay(layers, shipped)


def names(layers: list[Layer]) -> str:
    return " + ".join(name for name, _ in layers)


def shown(path: str | Path) -> str:
    """Relative where the file is below the working directory."""
    return os.path.relpath(path) if Path(path).resolve().is_relative_to(Path.cwd()) else str(path)


def check_config_files(words: list[str]) -> None:
    """Exit with one line for a configuration file that cannot be read; words: those after `snakemake`.

    profiles/default calls it: Snakemake reads these files before the Snakefile, and ends in a traceback.
    """
    asked = words_after(OPTIONS, words)
    given = [word for word in words if word.split("=")[0] in OPTIONS]
    if len(given) > 1:
        sys.exit(
            f"vernacular: {given[0].split('=')[0]} is given {len(given)} times, and only the last counts; put all "
            "files after one: --configfile config/config.yaml mine.yaml"
        )
    for word in words_after(("--config", "-C"), words):
        if "=" not in word:
            sys.exit(
                f"vernacular: --config takes all words up to the next option, '{word}' too, which is not KEY=VALUE; "
                f"put targets first: snakemake {word} --config KEY=VALUE{same_files(words)}"
            )
    try:
        for word in asked or [DEFAULT] * os.path.exists(DEFAULT):
            if word in asked[1:] and not os.path.exists(word) and not word.endswith((".yaml", ".yml", ".json")):
                option = next(option for option in OPTIONS if option in words)
                before = [other for other in asked if other != word]
                raise StudyError(
                    f"{option} takes all words up to the next option, so '{word}' is read as a file, which is not "
                    f"there; put targets first: snakemake {word} {option} {' '.join(before)}"
                )
            read_layer(word, word)
    except (StudyError, YamlError) as error:
        sys.exit(f"vernacular: {error}")


def same_files(words: list[str]) -> str:
    """The configuration files of a call, for the end of a command that is to be typed instead; empty without one."""
    files = words_after(OPTIONS, words)
    return f" --configfile {' '.join(files)}" if files else ""


def words_after(options: tuple[str, ...], words: list[str]) -> list[str]:
    """The words that Snakemake takes for values of an option with these names: up to the next option."""
    found: list[str] = []
    taken = False
    for word in words:
        option, _, value = word.partition("=")
        if word.startswith("-"):
            taken = option in options
            found = [value] * bool(value) if taken else found  # the last of several such options counts
        elif taken:
            found.append(word)
    return found
