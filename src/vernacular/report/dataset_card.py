"""The card of a dataset: what its files hold, column by column, how they were made, and under which licences."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from vernacular.report.card import escaped, metadata, yaml_block
from vernacular.report.templates import rendered
from vernacular.storage.records import GENERATION, KEPT_TRACE, PROMPT, SCORE, TEXT, WHOLE
from vernacular.storage.resources import resource
from vernacular.storage.yaml_file import read_yaml

MODEL, BENCHMARK, SEED = pa.field("model", TEXT), pa.field("benchmark", TEXT), pa.field("seed", WHOLE)
SCHEMAS = {  # of the published files: the study's own, and what the paths of those tell
    "traces": KEPT_TRACE,
    "prompts": pa.schema([MODEL, SEED, *PROMPT]),
    "generations": pa.schema([MODEL, BENCHMARK, SEED, *GENERATION]),
    "scores": pa.schema([MODEL, BENCHMARK, SEED, *SCORE]),
}
ABOUT = {
    "traces": "Traces in the language of their question, for SFT: those that passed the filter. It drops completions "
    "without an end of thinking or a box, with a wrong answer, with a trace or a line in another language, with a "
    "trace that is too short or too long, and duplicates.",
    "prompts": "Questions for GRPO: those that the model it starts from answered correctly in some of its samples, not "
    "in none and not in all.",
    "generations": "What the models wrote: one row for each sample of a question in a language.",
    "scores": "One row for each row of `generations`: whether the answer is right, and which language the trace, its "
    "lines and the response are in. Rows match by `model`, `benchmark`, `seed`, `id`, `language` and `sample`.",
}


@dataclass(frozen=True)
class Dataset:
    """repo: owner/name; rows: part -> split -> how many; languages: of the rows; origins: of the texts
    (study.licences.origins_of_texts); made: how, as data; versions: of what made it; licence: that the study states."""

    study: str
    scale: str
    repo: str
    licence: str | None
    languages: list[str]
    rows: dict[str, dict[str, int]]
    origins: list[dict[str, str]]
    made: dict[str, Any]
    versions: dict[str, Any]


def data_file(part: str, split: str) -> str:
    """Where a part's rows of a split are in the repository."""
    return f"data/{part}/{split}.parquet"


def licences_of(dataset: Dataset) -> str | list[str]:
    """What the study states, and the licences of the data's sources, as a hub names them; `other` has no name there."""
    sources = [row["hub"] or "other" for row in dataset.origins if row["section"] == "sources"]
    found = list(dict.fromkeys([*([dataset.licence.lower()] if dataset.licence else []), *sources]))
    return found if len(found) > 1 else found[0]


def dataset_card(dataset: Dataset) -> str:
    """Markdown with the metadata that hubs and `datasets` read (resources/templates/dataset.md.j2)."""
    configs = [
        {"config_name": part, "data_files": [{"split": split, "path": data_file(part, split)} for split in splits]}
        for part, splits in dataset.rows.items()
    ]
    head = {
        "license": licences_of(dataset),
        "language": dataset.languages,
        "pretty_name": f"Vernacular: {dataset.study}",
        "task_categories": ["text-generation", "question-answering"],
        "tags": ["vernacular", "reasoning"],
        "configs": configs,
    }
    return rendered(
        "dataset.md.j2",
        escaped=escaped,
        yaml_block=yaml_block,
        metadata=metadata(head),
        dataset=dataset,
        about=ABOUT,
        schemas=SCHEMAS,
        meanings=read_yaml(resource("columns.yaml")),
        data_file=data_file,
    )
