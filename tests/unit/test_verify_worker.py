"""The worker that compares formulas: a question that hangs, a busy machine, a killed worker, threads."""

import random
import subprocess
import sys
import time

import pytest

from vernacular.answers import verify_worker
from vernacular.answers.compare import check_answer, is_correct


@pytest.fixture
def own_worker(monkeypatch: pytest.MonkeyPatch):
    """A worker that starts afresh for this test, and stops after it."""
    verify_worker._stop()
    verify_worker.verify.cache_clear()
    yield monkeypatch
    verify_worker._stop()
    verify_worker.verify.cache_clear()


HANGS = [sys.executable, "-c", "import sys, time; print('\"ready\"', flush=True); sys.stdin.readline(); time.sleep(60)"]


def test_a_question_that_hangs_is_asked_once_more_and_then_given_up(own_worker: pytest.MonkeyPatch) -> None:
    own_worker.setattr(verify_worker, "COMMAND", HANGS)
    own_worker.setattr(verify_worker, "SECONDS", 0.5)
    started = time.monotonic()
    assert check_answer(r"2\sqrt{3}", r"\boxed{\sqrt{12}}", "en") == (False, True)
    assert 1 <= time.monotonic() - started < 3
    assert verify_worker._worker is None  # killed
    own_worker.undo()
    assert check_answer(r"2\sqrt{5}", r"\boxed{\sqrt{20}}", "en") == (True, False)


def test_a_worker_that_hung_once_gives_the_verdict_of_a_fresh_one(own_worker: pytest.MonkeyPatch) -> None:
    own_worker.setattr(verify_worker, "COMMAND", HANGS)
    own_worker.setattr(verify_worker, "SECONDS", 0.5)
    ask = verify_worker._Worker.ask

    def ask_then_mend(self: verify_worker._Worker, question: list[str]) -> object:
        reply = ask(self, question)
        own_worker.undo()
        return reply

    own_worker.setattr(verify_worker._Worker, "ask", ask_then_mend)
    assert check_answer(r"2\sqrt{3}", r"\boxed{\sqrt{12}}", "en") == (True, False)


BUSY = [sys.executable, "-c", "while True: pass"]


ROOTS = [(rf"{n}\sqrt{{{m}}}", rf"\boxed{{\sqrt{{{n * n * m + wrong}}}}}", wrong == 0)
         for n in range(2, 7) for m in (2, 3, 5) for wrong in (0, 1)]  # fmt: skip


SLOW = [("7", r"\boxed{(x + y + z + 1)^{9}}", False), ("x^{99}-1", r"\boxed{(x-1)(x^{98}+1)}", False),
        (r"\sin{2x}", r"\boxed{2\sin{x}\cos{x}}", True), ("(x+1)^{9}-1", r"\boxed{(x+1)^{9}}", False)]  # fmt: skip


def test_no_verdict_depends_on_how_busy_the_machine_is(own_worker: pytest.MonkeyPatch) -> None:
    beside = [subprocess.Popen(BUSY) for _ in range(4)]
    try:
        verdicts = [check_answer(gold, text, "en") for gold, text, _ in ROOTS + SLOW]
    finally:
        for process in beside:
            process.kill()
            process.wait()
    assert verdicts == [(right, False) for _, _, right in ROOTS + SLOW]


@pytest.mark.parametrize(
    "answer",
    [r"(x + y + z + 1)^{99}", "x^{999}", "9^{9^{9}}", r"\sum_{i=1}^{9} i", r"\int_0^1 x dx", "x" + "+x" * 100]
    + [r"\sqrt{2}+" * 20 + "1", r"\sqrt{" * 12 + "2" + "}" * 12, "1" * 101 + "x", "5 6", "1500! x"],
)
def test_what_is_beyond_the_bounds_is_never_asked(answer: str, own_worker: pytest.MonkeyPatch) -> None:
    own_worker.setattr(verify_worker, "_ask", lambda question: pytest.fail("asked"))
    assert verify_worker.verify("y", answer) is False


def test_a_worker_killed_in_between_costs_no_answer(own_worker: pytest.MonkeyPatch) -> None:
    assert is_correct(r"2\sqrt{2}", r"\boxed{\sqrt{8}}", "en")
    assert verify_worker._worker is not None
    verify_worker._worker.process.kill()
    verify_worker._worker.process.wait()
    assert is_correct(r"2\sqrt{3}", r"\boxed{\sqrt{12}}", "en")


def test_a_worker_that_cannot_start_is_an_error(own_worker: pytest.MonkeyPatch) -> None:
    own_worker.setattr(verify_worker, "COMMAND", [sys.executable, "-c", "raise SystemExit('no math_verify here')"])
    with pytest.raises(RuntimeError, match="cannot start: no math_verify here"):
        is_correct(r"2\sqrt{3}", r"\boxed{\sqrt{12}}", "en")
    own_worker.setattr(verify_worker, "COMMAND", ["/no/such/python"])
    with pytest.raises(RuntimeError, match="cannot start"):
        is_correct(r"2\sqrt{3}", r"\boxed{\sqrt{12}}", "en")
    assert is_correct("5", r"\boxed{5}", "en")  # plain numbers need no worker


def test_the_worker_answers_from_threads(own_worker: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        numbers = [random.Random(seed).randint(2, 99) for seed in range(40)]
        boxes = [rf"\boxed{{\sqrt{{{4 * (n if n % 2 else n + 1)}}}}}" for n in numbers]
        verdicts = list(pool.map(lambda n, box: is_correct(rf"2\sqrt{{{n}}}", box, "en"), numbers, boxes))
    assert verdicts == [n % 2 == 1 for n in numbers]
