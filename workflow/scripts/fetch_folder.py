"""Take an existing model into the study: its files are linked where the disk allows it, else copied; a GGUF file is
dequantised into a folder.

A chat template, if given, replaces the model's own; the record of its download becomes its manifest.
"""

import argparse
import shutil
from pathlib import Path

from vernacular.models.contents import check_files
from vernacular.models.gguf_files import write_model
from vernacular.models.provenance import checksums
from vernacular.storage.command import program
from vernacular.storage.files import atomic_folder, check_regular, file_sha256, link_or_copy, read_mapping, write_json
from vernacular.storage.resources import resource

TEMPLATES = resource("chat_templates")
# Snakemake touches this file in each folder that a rule made. Linked, it would make a model of another study look newly
# trained to that study, which would train all its children again.
NOT_OURS = shutil.ignore_patterns(".snakemake_timestamp")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--source", required=True, type=Path, help="model folder, or a GGUF file")
    parser.add_argument("--gguf", help="a GGUF file of the source's folder, instead of everything else there")
    parser.add_argument("--record", nargs="?", type=Path, help="what was fetched from the hub (JSON)")
    parser.add_argument("--chat-template", nargs="?", help="a Jinja file")
    parser.add_argument("--encoder", action="store_true", help="it is asked nothing, so it needs no chat template")
    parser.add_argument("--out", required=True, type=Path)


def has_chat_template(folder: Path) -> bool:
    """Whether a tokenizer that is loaded from here has one: in a file of its own, or, in older folders, as a key."""
    config = folder / "tokenizer_config.json"
    is_key = config.exists() and bool(read_mapping(config).get("chat_template"))
    return is_key or (folder / "chat_template.jinja").exists()


@program(__name__, __file__, __doc__, arguments)
def main(args: argparse.Namespace) -> None:
    named = args.source / (args.gguf or "")
    file = named if named.is_file() or args.gguf else None
    if not file:
        if not (args.source / "config.json").exists():
            raise ValueError(f"{args.source}: no model here (config.json is missing); fix the recipe's path")
        check_files(args.source)  # before they are linked or copied, of which a FIFO or a device would have no end
    if args.chat_template:
        check_regular(args.chat_template)
    with atomic_folder(args.out) as folder:
        if file:
            write_model(file, folder)
        else:
            shutil.copytree(args.source, folder, copy_function=link_or_copy, dirs_exist_ok=True, ignore=NOT_OURS)
        if args.chat_template:
            (folder / "chat_template.jinja").unlink(missing_ok=True)  # a link to the model's own, which stays
            shutil.copyfile(args.chat_template, folder / "chat_template.jinja")
        elif not args.encoder and not has_chat_template(folder):
            choices = ", ".join(sorted(path.stem for path in TEMPLATES.glob("*.jinja")))
            raise ValueError(
                f"{args.source}: a model without a chat template, so nothing can be asked of it; set `chat_template` "
                f"in the recipe of '{args.out.name}' to the one that it was trained with ({choices})"
            )
        manifest = folder / "manifest.json"
        if args.record:
            [record] = read_mapping(args.record).values()
            fetched = {"model": args.out.name, **record, "fetched": record["files"]}
            write_json(manifest, {**fetched, "files": checksums(folder)})
        elif file:
            made_of = {"gguf": file.name, "sha256": file_sha256(file)}
            write_json(manifest, {"model": args.out.name, **made_of, "files": checksums(folder)})
        elif manifest.exists():  # of the study that trained it, without this chat template
            write_json(manifest, {**read_mapping(manifest), "files": checksums(folder)})
