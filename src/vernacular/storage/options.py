"""Options of a stage: a frozen dataclass that the study writes as JSON; the script parses it with the same class."""

import argparse
import json
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, ClassVar, Self


@dataclass(frozen=True)
class Options:
    """Base of every stage's options. Subclasses are frozen dataclasses whose fields hold plain JSON values.

    ordered: whether the order of keys in nested mappings means something; otherwise they are sorted, so that a
    reordered configuration reruns nothing.
    """

    ordered: ClassVar[bool] = False

    def to_json(self) -> str:
        """One line of JSON; what the rerun trigger `params` compares."""
        return stable_json(asdict(self), sort_keys=not self.ordered)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ArgumentTypeError (one line) for text that is not JSON, and for unknown or missing keys."""
        try:
            values = json.loads(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"not JSON ({error})") from None
        known = {field.name: field.default is MISSING and field.default_factory is MISSING for field in fields(cls)}
        if not isinstance(values, dict) or (unknown := sorted(values.keys() - known.keys())):
            given = f"unknown key '{unknown[0]}'" if isinstance(values, dict) else "not a mapping"
            raise argparse.ArgumentTypeError(f"{given}; the keys are {', '.join(known)}")
        if missing := [name for name, required in known.items() if required and name not in values]:
            raise argparse.ArgumentTypeError(f"the key '{missing[0]}' is missing")
        return cls(**values)


def stable_json(data: Any, sort_keys: bool = True) -> str:
    """JSON without `<`: Snakemake's report writes it unescaped into a script of its page."""
    return json.dumps(data, sort_keys=sort_keys).replace("<", "\\u003c")


def add_options(parser: argparse.ArgumentParser, kind: type[Options], flag: str = "--options") -> None:
    """Add a required option that takes the JSON of `kind`; its help names the keys."""
    keys = [field.name for field in fields(kind)]
    parser.add_argument(flag, required=True, type=kind.from_json, help=f"JSON with the keys {', '.join(keys)}")
