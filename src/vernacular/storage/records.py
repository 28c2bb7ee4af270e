"""The tables that stages hand to one another: their columns, and how they are read and written.

Parquet files are written batch by batch, so that memory does not grow with the corpus, and atomically.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from vernacular.storage.files import atomic_path, check_regular

GROUP = 2**20  # bytes of a row group: the writer keeps 10 kB about each of them until the file ends
BATCH = 1024  # rows held as Python's objects; four times as many took 34 MiB more for training data
LARGEST = 2**30  # bytes of a group of rows in a file of others; those of data sets have up to 2**28 (our choice)
ROWS = b"vernacular-rows"  # in a file's metadata: how many were written; other tools leave it out
TEXT, WHOLE, TRUTH = pa.string(), pa.int64(), pa.bool_()

QUESTION = pa.schema(  # id: shared by translations, so (id, language) is the key; kind: math | choice | entailment
    # problem: the id of the first question that asks the same in other words, or about the same premise; its own mostly
    [("id", TEXT), ("problem", TEXT), ("benchmark", TEXT), ("kind", TEXT), ("language", TEXT), ("question", TEXT)]
    + [("choices", pa.list_(TEXT)), ("answer", TEXT)]  # choices: null for math
)
RAW_TRACE = pa.schema(
    [("id", TEXT), ("language", TEXT), ("question", TEXT), ("answer", TEXT)]
    + [("completion", TEXT), ("source", TEXT), ("flaw", TEXT)]  # flaw: the miniature's own truth, null for real sources
)
KEPT_TRACE = pa.schema([*RAW_TRACE, pa.field("trace", TEXT), pa.field("response", TEXT)])
TRAINING = pa.schema(
    [("id", TEXT), ("language", TEXT), ("task", TEXT)]
    # The question alone, for an encoder; what comes before the chat, mostly nothing (null); what the user says, null
    # for plain text; what the model learns to write.
    + [("question", TEXT), ("context", TEXT), ("prompt", TEXT), ("completion", TEXT)]
)
PROMPT = pa.schema([("id", TEXT), ("language", TEXT), ("question", TEXT), ("answer", TEXT), ("correct", WHOLE)])
GENERATION = pa.schema(
    [("id", TEXT), ("language", TEXT), ("sample", WHOLE), ("prompt", TEXT), ("completion", TEXT)]
    + [("trace", TEXT), ("response", TEXT), ("tokens", WHOLE), ("finish_reason", TEXT)]
    # Of merges: the language that the gate was told (null: unknown, the mean embedding), and its two weights.
    + [("told_language", TEXT), ("gate_encoder", pa.float64()), ("gate_llm", pa.float64())]
)
SCORE = pa.schema(  # problem: of the question; null for one of its own
    [("id", TEXT), ("problem", TEXT), ("language", TEXT), ("sample", WHOLE), ("correct", TRUTH), ("answer", TEXT)]
    + [("trace_language", TEXT), ("line_pass", TRUTH), ("word_pass", TRUTH), ("code_switched", TRUTH)]
    + [("foreign_script", TRUTH), ("answer_language", TEXT), ("given_up", TRUTH), ("metrics_version", WHOLE)]
    + [("abstained_lines", WHOLE), ("tokens", WHOLE), ("characters", WHOLE), ("finish_reason", TEXT)]
)


def write_rows(path: str | Path, rows: Iterable[dict[str, Any]], schema: pa.Schema, batch_size: int = BATCH) -> int:
    """Stream rows into a Parquet file, with a checksum for each page; returns how many there were.

    Holds `batch_size` rows as Python's objects, and GROUP bytes as Arrow's.
    """
    count = size = 0
    held: list[pa.RecordBatch] = []
    options = {"compression": "zstd", "write_page_checksum": True}
    with atomic_path(path) as temporary, pq.ParquetWriter(temporary, schema, **options) as writer:
        for batch in batches(rows, batch_size):
            held.append(pa.RecordBatch.from_pylist(batch, schema=schema))
            count, size = count + len(batch), size + held[-1].nbytes
            if size >= GROUP:
                writer.write_table(pa.Table.from_batches(held, schema))
                held, size = [], 0
        if held:
            writer.write_table(pa.Table.from_batches(held, schema))
        writer.add_key_value_metadata({ROWS: str(count)})
    return count


def read_rows(path: str | Path, *args: Any, **options: Any) -> Iterator[dict[str, Any]]:
    """Stream the rows of a Parquet file, read as read_batches does."""
    for batch in read_batches(path, *args, **options):
        yield from batch.to_pylist()


def read_batches(
    path: str | Path,
    columns: Sequence[str] = (),
    batch_size: int = BATCH,
    schema: pa.Schema | None = None,
    optional: Sequence[str] = (),
) -> Iterator[pa.RecordBatch]:
    """Batches of a Parquet file: all its columns, some by name, or those of a schema, in its types.

    optional: further columns by name, which may be missing. Raises ValueError (one line with the path) where the file
    is broken: its pages do not fit their checksums, it has not as many rows as its footer says or as `write_rows`
    wrote, it unpacks to too much, or it lacks a column or holds in it what the schema cannot take.
    """
    count = 0
    try:
        check_regular(path)
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            names, there = schema.names if schema else columns, file.schema_arrow.names
            if missing := [name for name in names if name not in there]:
                raise ValueError(f"the column '{missing[0]}' is missing; there are {', '.join(there)}")
            if schema and (odd := [name for name in names if not is_kin(file.schema_arrow.field(name), schema)]):
                found, needed = file.schema_arrow.field(odd[0]).type, schema.field(odd[0]).type
                raise ValueError(f"the column '{odd[0]}' holds {found}, not {needed}")
            check_sizes(file)
            wanted = [*names, *(name for name in optional if name in there)] or None
            # On one thread: each of Arrow's threads keeps memory of its own, and reading is not what takes the time.
            for batch in file.iter_batches(batch_size=batch_size, columns=wanted, use_threads=False):
                count += batch.num_rows
                yield batch.select(schema.names).cast(schema) if schema else batch
            if count != file.metadata.num_rows:
                raise ValueError(f"{count} rows, but its footer says {file.metadata.num_rows}")
            if (written := rows_written(file)) not in (None, count):
                raise ValueError(f"{count} rows, but {written} were written")
    except (pa.ArrowException, ValueError, OSError) as error:
        what = (str(error) or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path}: cannot be read as Parquet ({what}); restore it, or delete it and rerun") from None


def check_sizes(file: pq.ParquetFile) -> None:
    """Raises ValueError where a group of rows would unpack to more than LARGEST bytes: a few kilobytes may.

    All its columns count: asking a broken footer about one of them ends the process inside Arrow.
    """
    for number in range(file.metadata.num_row_groups):
        size = file.metadata.row_group(number).total_byte_size
        if size > LARGEST:
            raise ValueError(f"{size:,} bytes in its group of rows {number}, and at most {LARGEST:,} are unpacked")


def rows_written(file: pq.ParquetFile) -> int | None:
    """How many rows `write_rows` wrote; None of a file that it did not write. Raises ValueError for no number."""
    noted = (file.metadata.metadata or {}).get(ROWS)
    return None if noted is None else int(noted)


def is_kin(column: pa.Field, schema: pa.Schema) -> bool:
    """Whether a column is of the kind that the schema wants: text, truth, whole numbers, numbers, lists; or all null.

    Arrow itself would also read numbers as text, and text as numbers.
    """
    there, wanted = column.type, schema.field(column.name).type
    if pa.types.is_dictionary(there):
        there = there.value_type
    kinds = (
        (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
        (pa.types.is_list, pa.types.is_large_list),
        (pa.types.is_boolean,),
        (pa.types.is_integer,),
        (pa.types.is_floating, pa.types.is_integer),
    )
    fitting = next(kind for kind in kinds if kind[0](wanted))
    return pa.types.is_null(there) or any(check(there) for check in fitting)


T = TypeVar("T")


def batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    rows = iter(rows)
    while batch := list(islice(rows, size)):
        yield batch
