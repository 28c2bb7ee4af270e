"""The command `vernacular`: one word for each thing that it does, each of which has its own --help."""

import argparse
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from types import ModuleType

from vernacular.storage.messages import nearest, one_line

COMMANDS = {
    "score": "metrics with intervals for completions in anyone's logs",
    "identify": "the language of each line of a text",
    "check": "whether a response gives the right answer",
    "probe": "the layers of a model in which languages differ (needs [train])",
    "plan": "GPUs, memory, hours and disk of a study, before it runs (needs [workflow])",
    "push": "push a model folder, or a study's data, to a hub (needs [train]; data, [workflow])",
    "archive": "put a finished study into one file that checks itself (needs [workflow])",
    "new": "make a study of your own (to run it, [workflow])",
}
EXTRAS = {  # package -> the extra that brings it
    **dict.fromkeys(("torch", "transformers", "trl", "peft", "datasets", "huggingface_hub", "tqdm"), "train"),
    **dict.fromkeys(("snakemake", "jsonschema"), "workflow"),
    **dict.fromkeys(("matplotlib", "jinja2"), "plot"),
}
NETWORK = ("httpx", "httpx2", "httpcore")  # of the hub's client, whose errors of the network are no OSError
ERROR = 2  # nothing was done; 1 is for an answer that is no


def module_of(command: str) -> ModuleType:
    """Imported only when asked for, so that --help and small commands begin at once."""
    if command == "score":
        from vernacular.command import score

        return score
    if command == "identify":
        from vernacular.command import identify

        return identify
    if command == "check":
        from vernacular.command import check

        return check
    if command == "probe":
        from vernacular.command import probe

        return probe
    if command == "new":
        from vernacular.command import new

        return new
    if command == "plan":
        from vernacular.planning import plan

        return plan
    if command == "archive":
        from vernacular.command import archive

        return archive
    from vernacular.command import push

    return push


def overview() -> str:
    lines = [f"  {name:<10}{about}" for name, about in COMMANDS.items()]
    return "\n".join(
        [
            "usage: vernacular COMMAND ...",
            "",
            "Language models that reason in the language they are asked in: metrics, probes, studies.",
            "",
            *lines,
            "",
            "examples:",
            "  vernacular score completions/",
            "  vernacular check 18 'La réponse est 18.' --language fr",
            "  vernacular COMMAND --help",
        ]
    )


def main(argv: list[str] | None = None) -> int:
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] in ("-h", "--help", "help"):
        print(overview())
        return 0 if words else ERROR
    if words[0] == "--version":
        print(f"vernacular {version('vernacular')}")
        return 0
    command = words[0]
    if command not in COMMANDS:
        print(f"vernacular: no command {one_line(command)!r}; {nearest(one_line(command), COMMANDS)}", file=sys.stderr)
        return ERROR
    whole = command in ("plan", "archive") or (command == "push" and "--dataset" in words)
    return ended(command, lambda: run(command, words[1:]), "workflow" if whole else None)


def run(command: str, words: list[str]) -> int:
    module = module_of(command)
    parser = argparse.ArgumentParser(
        prog=f"vernacular {command}",
        description=(module.__doc__ or "").split("\n\n")[0],
        epilog=module.USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.arguments(parser)
    args = parser.parse_args(words)
    return int(module.work(args) or 0)


def ended(command: str, work: Callable[[], int], extra: str | None = None) -> int:
    """The exit status; an expected error becomes one line on standard error. extra: that brings all that the command
    needs; None: whichever brings the missing package."""
    try:
        status = work()
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads our output has enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        brings = extra or EXTRAS[package]
        print(f"vernacular {command}: needs {package}: pip install 'vernacular[{brings}]'", file=sys.stderr)
    except (ValueError, OSError) as error:
        print(f"vernacular {command}: {one_line(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in NETWORK:
            raise
        what = f"no network ({type(error).__name__}: {one_line(error)})"
        print(f"vernacular {command}: {what}; run the same command on a machine that has one", file=sys.stderr)
    return ERROR


if __name__ == "__main__":
    sys.exit(main())
