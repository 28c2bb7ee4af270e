"""Targets, rules and files that Snakemake is asked for but the study does not have."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from vernacular.run.cluster import parsed
from vernacular.run.config_files import OPTIONS, same_files
from vernacular.storage.messages import nearest
from vernacular.study.compile import Study
from vernacular.study.targets import files_of

COMMANDS = ["all", "claims", "cards", "downloads", "preflight"]
# Options that take all words up to the next option, and so a target that comes after them.
GREEDY = {"--forcerun": "forcerun", "-R": "forcerun", "--until": "until", "-U": "until", "--omit-from": "omit_from"}
GREEDY |= {"-O": "omit_from"}


def check_asked_targets(words: list[str], rules: Mapping[str, Callable[[str], bool]], study: Study) -> None:
    """Exit with one line, before Snakemake says that no rule produces the target. words: those after `snakemake`;
    rules: name of a rule -> whether it makes a file."""

    def unknown(word: str) -> bool:
        return not word.startswith("-") and word not in rules and not word.isdecimal()

    def doubtful(word: str) -> bool:
        """What is there is mostly an option's value, but results are not, nor a file where no option takes one."""
        path, result = Path(word), word.startswith("results/")
        return unknown(word) and (result or not path.exists() or path.is_file() and not configured)

    # Snakemake's parser takes a tenth of a second, so it is asked only about words that may be such a target.
    used = [option for option in GREEDY if option in words]
    configured = any(word.split("=")[0] in OPTIONS for word in words)
    if not used and not any(map(doubtful, words)):
        return
    args = parsed(words)
    asked = [str(target) for target in args.get("targets") or []]
    given = same_files(words)
    for name in filter(unknown, asked):
        check_target(name, rules, study, given)
    for option in used:
        check_greedy(option, [str(word) for word in args.get(GREEDY[option]) or []], asked, rules, study, given)


def asked_targets(words: list[str]) -> list[str]:
    return [str(target) for target in parsed(words).get("targets") or []]


def check_target(name: str, rules: Mapping[str, Callable[[str], bool]], study: Study, given: str) -> None:
    """given: the configuration files, as in the commands that are advised."""
    if re.fullmatch(r"\w[\w-]*", name):
        hint = nearest(name, [*(target.name for target in study.named_targets), *COMMANDS])
        raise SystemExit(f"vernacular: {study.file}: evaluations: none has the target '{name}'; {hint}")
    if any(makes(name) for makes in rules.values()):
        return
    if name.endswith((".yaml", ".yml")) and Path(name).is_file():
        raise SystemExit(f"vernacular: {name}: is a configuration, not a target: snakemake --configfile {name}")
    other = re.match(r"results/([^/]+)/", name)
    if other and other[1] != study.config["study"]:
        raise SystemExit(
            f"vernacular: {name}: is of the study '{other[1]}', and {study.file} is '{study.config['study']}'; use "
            f"--configfile FILE, where FILE is the configuration of '{other[1]}'"
        )
    hint = nearest(name, files_of(study))
    hint = hint if hint.startswith("did") else f"snakemake --list{given} names the targets and rules"
    raise SystemExit(f"vernacular: {name}: no rule of {study.file} makes this file; {hint}")


def check_greedy(
    option: str,
    words: list[str],
    asked: list[str],
    rules: Mapping[str, Callable[[str], bool]],
    study: Study,
    given: str,
) -> None:
    """The words after an option such as --forcerun are rules, or files alone, and no targets."""
    named = {*COMMANDS, *(target.name for target in study.named_targets)}
    own = [rule for rule in rules if rule not in named]
    files = [
        word for word in words if word not in rules and (Path(word).exists() or any(m(word) for m in rules.values()))
    ]
    for word in words:
        if word not in rules and word not in files:
            raise SystemExit(f"vernacular: {option}: there is no rule or file '{word}'; {nearest(word, own)}")
    for word in words:
        if word in named or word in files and len(files) < len(words) and not asked:
            others = " ".join(other for other in words if other != word)
            raise SystemExit(
                f"vernacular: {option} takes all words up to the next option, '{word}' too; put targets first: "
                f"snakemake {word} {option} {others}{given}"
            )
