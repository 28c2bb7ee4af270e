"""The translator: an encoder-decoder that Transformers loads, and the baseline that asks its English."""

import csv
import json
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import pytest
import torch
from mini import mini
from tiny_jobs import job_of
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, NllbTokenizer

from vernacular.corpus.options import TrainingDataOptions
from vernacular.corpus.training import training_rows
from vernacular.evaluation.progress import Progress
from vernacular.evaluation.translate import translated
from vernacular.models.encoder import language_token
from vernacular.models.job import Job
from vernacular.models.packing import IGNORED
from vernacular.models.pretrain import train_tokenizer
from vernacular.models.translator import build_translator, collate, encode_pairs, pretrain_translator

BENCHMARKS = {"mini-msvamp": mini("frame", 1, train=3)}
LANGUAGES = ["en", "fr", "ja"]
T5 = {
    "model_type": "t5", "d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 1, "num_heads": 2, "dropout_rate": 0.0,
    "feed_forward_proj": "gated-gelu",
}  # fmt: skip


def pairs() -> list[dict[str, Any]]:
    part = {"task": "pairs", "benchmarks": {"mini-msvamp": [0.0, 1.0]}, "languages": LANGUAGES}
    return list(training_rows(TrainingDataOptions([part], 1, BENCHMARKS)))


# The same question with other options, so that only what stands below it tells the two apart.
CHOICES = {("un puits", "une roue"): "Which?\nA) a well\nB) a wheel", ("neuf", "sept"): "Which?\nA) nine\nB) seven"}


def choice_pairs() -> list[dict[str, Any]]:
    row = {"id": "choice", "language": "fr", "task": "pairs", "prompt": None}
    texts = {f"Lequel ?\nA) {one}\nB) {other}": english for (one, other), english in CHOICES.items()}
    return [{**row, "question": text, "completion": english} for text, english in texts.items()]


def job_in(folder: Path, architecture: dict[str, Any] = T5, length: int = 200, steps: int = 150) -> Job:
    training = {
        "max_steps": steps, "per_device_train_batch_size": 11, "learning_rate": 1e-2, "lr_scheduler_type": "cosine",
        "logging_steps": 10, "save_steps": 1000,
    }  # fmt: skip
    recipe = {"vocabulary": 500, "digits": 1, "length": length, "architecture": architecture, "training": training}
    return job_of(recipe, folder)


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """A translator that has learnt eleven pairs by heart."""
    torch.set_num_threads(1)
    torch.manual_seed(1)
    job = job_in(tmp_path_factory.mktemp("translator"))
    pretrain_translator(job, pairs() + choice_pairs())
    return job


def test_the_folder_is_one_that_transformers_loads(job: Job) -> None:
    model = AutoModelForSeq2SeqLM.from_pretrained(job.out)
    tokenizer = AutoTokenizer.from_pretrained(job.out)
    assert model.config.model_type == "t5" and model.config.d_model == 32
    assert (tokenizer.padding_side, tokenizer.model_max_length) == ("right", 200)
    row = pairs()[1]
    asked = tokenizer(row["question"], return_tensors="pt")["input_ids"]
    out = model.generate(input_ids=asked, max_new_tokens=200, do_sample=False, num_beams=1)[0]
    assert int(out[-1]) == tokenizer.eos_token_id  # it stops by itself
    assert tokenizer.decode(out, skip_special_tokens=True) == row["completion"]
    manifest = json.loads((job.out / "manifest.json").read_text(encoding="utf-8"))
    size = sum(parameter.numel() for parameter in model.parameters())
    assert manifest["trainable_parameters"] == manifest["total_parameters"] == size
    history = list(csv.DictReader((job.out / "history.csv").open()))
    assert [row["step"] for row in history] == [str(n) for n in range(10, 151, 10)]
    assert float(history[-1]["loss"]) < float(history[0]["loss"]) / 10
    (costs,) = csv.DictReader(job.costs.open())
    assert int(costs["tokens"]) > 0 and costs["model"] == "tuned"


def question(row: dict[str, Any]) -> dict[str, Any]:
    kept = {"id": row["id"], "language": row["language"], "benchmark": "mini-msvamp", "kind": "math", "answer": "7"}
    return {**kept, "question": row["question"], "choices": None}


def in_english(rows: list[dict[str, Any]], folder: Path, batch_tokens: int = 10_000) -> list[dict[str, Any]]:
    with TemporaryFile() as file:
        return translated(rows, str(folder), batch_tokens, "auto", file, Progress("", None))


@pytest.mark.parametrize("batch_tokens", [1, 300, 10_000])
def test_translated_asks_the_same_questions_in_english(job: Job, batch_tokens: int) -> None:
    rows = [question(row) for row in pairs()]
    expected = [{**question(row), "question": row["completion"], "choices": None, "asked_in": "en"} for row in pairs()]
    assert in_english(rows, job.out, batch_tokens) == expected
    assert len({row["question"] for row in expected}) == 3
    assert [row["language"] for row in rows] == LANGUAGES * 3  # the rows themselves are left as they were


def test_options_are_translated_with_their_question(job: Job) -> None:
    row = {**question(pairs()[1]), "kind": "choice", "question": "Lequel ?"}
    rows = [{**row, "choices": list(choices)} for choices in CHOICES]
    expected = [{**row, "question": english, "choices": None, "asked_in": "en"} for english in CHOICES.values()]
    assert in_english(rows, job.out) == expected


def test_a_question_that_the_translator_cannot_read_is_named(job: Job) -> None:
    rows = [question(row) for row in pairs()]
    rows[4]["question"] *= 9
    with pytest.raises(
        ValueError, match=r"a question in 'fr' has \d+ tokens but the encoder reads at most 200"
    ) as error:
        in_english(rows, job.out)
    assert "\n" not in str(error.value)


def test_nllb_is_told_to_write_english() -> None:
    """`en` is an ordinary piece of its vocabulary, and not the language."""
    vocabulary = {token: n for n, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", "▁", "e", "n", "en"])}
    tokenizer = NllbTokenizer(vocab=vocabulary, merges=[("e", "n")])  # type: ignore[list-item]
    assert tokenizer.convert_ids_to_tokens(language_token(tokenizer, "en")[1]) == "eng_Latn"


def test_pairs_and_padding_are_told_apart() -> None:
    rows = pairs()[:4]
    tokenizer = train_tokenizer((row["question"] + row["completion"] for row in rows), 500)
    examples = encode_pairs(tokenizer, rows, 200)
    for row, one in zip(rows, examples, strict=True):
        assert tokenizer.decode(one["input_ids"]) == row["question"]
        assert tokenizer.decode(one["labels"]) == f"{row['completion']}<|end|>"
    pad = tokenizer.pad_token_id
    batch = collate(examples, pad)
    for n, one in enumerate(examples):
        rest = batch["input_ids"].shape[1] - len(one["input_ids"])
        assert batch["input_ids"][n].tolist() == one["input_ids"] + [pad] * rest
        assert batch["attention_mask"][n].tolist() == [1] * len(one["input_ids"]) + [0] * rest
        rest = batch["labels"].shape[1] - len(one["labels"])
        assert batch["labels"][n].tolist() == one["labels"] + [IGNORED] * rest
    assert len({len(one["input_ids"]) for one in examples}) > 1


@pytest.mark.parametrize("side", ["question", "completion"])
def test_a_pair_that_is_too_long_is_left_out_and_counted(side: str, tmp_path: Path) -> None:
    rows = pairs()
    rows[4] = {**rows[4], side: rows[4][side] * 9}
    pretrain_translator(job_in(tmp_path, length=150, steps=1), rows)
    [note] = json.loads((tmp_path / "tuned/manifest.json").read_text(encoding="utf-8"))["notes"]
    assert note == f"Of {len(rows)} rows 1 were longer than 150 tokens: 0 were cut, 1 left out."


def test_pairs_that_are_all_too_long_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="each of the 9 rows is longer than 16 tokens") as error:
        pretrain_translator(job_in(tmp_path, length=16), pairs()[:9])
    assert "\n" not in str(error.value) and not (tmp_path / "tuned").exists()


def test_length_counts_the_end_of_the_english() -> None:
    rows = pairs()[:1]
    tokenizer = train_tokenizer(iter(row["question"] for row in rows), 500)
    length = len(tokenizer(rows[0]["completion"])["input_ids"]) + 1
    assert len(encode_pairs(tokenizer, rows, length)[0]["labels"]) == length
    assert encode_pairs(tokenizer, rows, length - 1) == []


def test_a_decoder_is_no_translator(tmp_path: Path) -> None:
    llama = {"model_type": "llama", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    with pytest.raises(ValueError, match="architecture.model_type 'llama' is not an encoder-decoder; use t5") as error:
        pretrain_translator(job_in(tmp_path, llama), pairs())
    assert "\n" not in str(error.value) and not (tmp_path / "tuned").exists()


def test_other_encoder_decoders_than_t5_are_built() -> None:
    tokenizer = train_tokenizer(iter(row["question"] for row in pairs()), 500)
    options = {
        "model_type": "m2m_100", "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
        "decoder_attention_heads": 2, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24,
    }  # fmt: skip
    model = build_translator(options, tokenizer)
    assert options["model_type"] == "m2m_100"  # the recipe is left as it was
    assert model.get_input_embeddings().num_embeddings == len(tokenizer)
    assert model.config.decoder_start_token_id == tokenizer.pad_token_id
