"""What a generation says of its progress, and where: always in the log, on a terminal only if there is one."""

import os
import pty
import re
import tempfile

import pytest

from vernacular.evaluation.progress import LINES, Progress


def told(progress: Progress, sizes: list[int], kept: int = 0) -> None:
    progress.begin(sizes)
    for number, size in enumerate(sizes):
        if number >= kept:
            progress.making()
            progress.made(size * 5)
        progress.passed(size)


def test_the_log_counts_completions_tokens_and_what_is_left(capsys: pytest.CaptureFixture) -> None:
    told(Progress("lrm on mgsm", None), [30, 40, 50])
    lines = capsys.readouterr().out.splitlines()
    pattern = r"lrm on mgsm: (\d+) of 120 completions, [\d,]+ tokens/s, about \d+ s left"
    assert [re.fullmatch(pattern, line)[1] for line in lines] == ["30", "70", "120"]


def test_a_resumed_run_says_so_once_and_counts_only_its_own_tokens(capsys: pytest.CaptureFixture) -> None:
    progress = Progress("lrm on mgsm", None)
    told(progress, [30, 40, 50], kept=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "lrm on mgsm: resumed after 70 of 120 completions" and len(lines) == 2
    assert progress.tokens == 250


def test_many_batches_make_few_lines(capsys: pytest.CaptureFixture) -> None:
    told(Progress("x", None), [1] * 1000)
    assert len(capsys.readouterr().out.splitlines()) == LINES


def test_a_terminal_gets_the_lines_too_and_a_file_does_not(capsys: pytest.CaptureFixture) -> None:
    main, other = pty.openpty()
    told(Progress("x", other), [1, 1])
    assert os.read(main, 1000).decode().splitlines() == capsys.readouterr().out.splitlines()
    with tempfile.TemporaryFile() as file:
        told(Progress("x", file.fileno()), [1, 1])
        assert file.seek(0, os.SEEK_END) == 0
    told(Progress("", other), [1])
    told(Progress("x", None), [1])
    os.set_blocking(main, False)
    with pytest.raises(BlockingIOError):
        os.read(main, 1)
    for handle in (main, other):
        os.close(handle)
    told(Progress("x", other), [1])  # a shell that gave no descriptor
