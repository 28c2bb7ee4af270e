"""What the tests of traces and of their filter share: benchmarks, a source with flaws, a sound row, lines of no use."""

import json
from functools import cache

from vernacular.corpus.miniature import make_problems, question_rows
from vernacular.corpus.trace_sources import flawed_traces
from vernacular.corpus.traces import FLAWS

LANGUAGES = ["fr", "ja", "ko", "pt", "th"]
NUMBERS = {"opening": [5, 60], "term": [2, 50], "factor": [2, 9], "result": [2, 200]}
BENCHMARKS = {
    "mini-mgsm": {"questions": {"train": 450}, "steps": 2, "numbers": NUMBERS, "setting": "story"},
    "mini-msvamp": {"questions": {"train": 200}, "steps": 1, "numbers": NUMBERS, "setting": "frame"},
}
FLAW_SHARES = {flaw: 0.05 for flaw in FLAWS}
LENGTH_OPTIONS = json.dumps({"shortest": 20, "longest": 1000})
GOOD = {
    "id": "q1",
    "language": "fr",
    "question": "Anna a 12 pommes et en achète 5. Combien de pommes a-t-elle maintenant ?",
    "answer": "17",
    "completion": "D'abord, on ajoute les nouvelles pommes aux précédentes : 12 + 5 = 17.\n</think>\n"
    "La réponse est \\boxed{17}.",
}


@cache
def raw(benchmark, seed=3, **longer):
    problems = make_problems(benchmark, BENCHMARKS[benchmark], "train", seed)
    questions = question_rows(BENCHMARKS, LANGUAGES, "train", seed)
    setting = BENCHMARKS[benchmark]["setting"]
    return list(flawed_traces(questions, problems, LANGUAGES, FLAW_SHARES, seed, setting, longer))


def good(**changes):
    return GOOD | {"source": "test", "flaw": None} | changes


def make_options(**changes):
    options = {"benchmarks": BENCHMARKS, "benchmark": "mini-mgsm", "languages": LANGUAGES, "hash_range": [0.0, 0.5]}
    return json.dumps(options | {"flaws": FLAW_SHARES, "seed": 3} | changes)


LINE = json.dumps(GOOD, ensure_ascii=False).encode()
BAD_LINES = {
    "invalid UTF-8": (LINE.replace("é".encode(), b"\xff"), "unknown"),
    "cut off": (LINE[:70], "unknown"),
    "a list": (b'["fr"]', "unknown"),
    "NUL": (b"\0" * 20, "unknown"),
    "deeply nested": (b"[" * 200_000, "unknown"),
    "10 MB": (b'{"language": "fr", "completion": "' + b"x" * 10_000_000 + b'"}', "unknown"),
    "no language": (b'{"id": "q", "question": "a", "answer": "b", "completion": "c"}', "unknown"),
    "a language that is none": (json.dumps(good(language="x" * 5000)).encode(), "unknown"),
    "null answer": (json.dumps(good(answer=None)).encode(), "fr"),
    "missing answer": (json.dumps({key: value for key, value in GOOD.items() if key != "answer"}).encode(), "fr"),
    "NaN answer": (LINE.replace(b'"17"', b"NaN"), "fr"),
    "blank completion": (json.dumps(good(completion=" \n")).encode(), "fr"),
    "list for a question": (json.dumps(good(question=["a"])).encode(), "fr"),
    "half a surrogate pair": (json.dumps(good(question="\ud800")).encode(), "fr"),
}
