"""A study's traces, prompts, generations and scores in a folder that a hub and `datasets` read."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow as pa

from vernacular.evaluation.version import METRICS_VERSION, check_version
from vernacular.planning.plan import read_study, target_of
from vernacular.planning.published import File, chosen_parts, files_of, how_made, origins
from vernacular.report.dataset_card import SCHEMAS, Dataset, data_file, dataset_card
from vernacular.storage.files import atomic_folder, write_text
from vernacular.storage.records import read_rows, write_rows


def prepare(configs: list[str], repo: str, results: Path, target: str = "all", parts: str | None = None) -> Path:
    """Write results/<study>/dataset, whole or not at all, and return it: a Parquet file for each part and split, and
    the card (README.md). The same results give the same bytes.

    repo: owner/name, for the card; results: the folder of all results; target: as `plan` takes it; parts: some of
    planning.published.PARTS, separated by commas. Raises ValueError for a configuration that is not a study, an unknown
    target or part, a file that is not there or of another metrics version, and where a licence is not known.
    """
    study = read_study(configs)
    chosen = target_of(study, target)
    names = chosen_parts(study, chosen, parts)
    sources = origins(study, chosen, names)
    files = {part: files_of(study, chosen, part) for part in names}
    check_there(results, [file for part in names for file in files[part]])
    folder = results / study.config["study"] / "dataset"
    rows: dict[str, dict[str, int]] = {}
    languages: set[str] = set()
    with atomic_folder(folder) as whole:
        for part in names:
            rows[part] = {}
            for split in dict.fromkeys(file.split for file in files[part]):
                own = [file for file in files[part] if file.split == split]
                found = rows_of(results, own, SCHEMAS[part], languages)
                rows[part][split] = write_rows(whole / data_file(part, split), found, SCHEMAS[part])
        dataset = Dataset(
            **{key: study.config[key] for key in ("study", "scale", "licence")},
            repo=repo,
            languages=sorted(languages),
            rows=rows,
            origins=sources,
            made=how_made(study, chosen, names),
            versions={"vernacular": version("vernacular"), "metrics": METRICS_VERSION, "seeds": study.seeds},
        )
        write_text(whole / "README.md", dataset_card(dataset))
    return folder


def place(results: Path, file: File) -> Path:
    """Where a file of the study is; its path begins with the folder of all results."""
    return results.joinpath(*Path(file.path).parts[1:])


def check_there(results: Path, files: list[File]) -> None:
    if missing := [path for file in files if not (path := place(results, file)).is_file()]:
        raise ValueError(
            f"{missing[0]}: not there ({len(missing)} of {len(files)} files), so this study was not finished; run it, "
            "name --results or --target, or choose --parts"
        )


def rows_of(results: Path, files: list[File], schema: pa.Schema, languages: set[str]) -> Iterator[dict[str, Any]]:
    """The rows of some files with the columns that their paths tell; adds the languages of the rows to `languages`."""
    for file in files:
        path, versions = place(results, file), set()
        for row in read_rows(path, schema=pa.schema([field for field in schema if field.name not in file.told])):
            languages.add(row["language"])
            versions.add(row.get("metrics_version", METRICS_VERSION))
            yield {**file.told, **row}
        check_version(versions, path, "score it again")
