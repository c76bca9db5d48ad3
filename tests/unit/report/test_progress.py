"""Progress of long runs."""

import io

from edgeops.report.progress import progress


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(stream, steps, total, **options):
    """Report progress at (seconds since the last, done) steps."""
    clock = Clock()
    with progress("reading twins", stream, clock=clock, **options) as show:
        for seconds, done in steps:
            clock.now += seconds
            show(done, total)


def lines(steps, total):
    stream = io.StringIO()
    run(stream, steps, total)
    return stream.getvalue().splitlines()


def test_a_short_run_is_silent():
    assert lines([(0.01, n) for n in range(1, 23)], 22) == []


def test_the_end_of_a_longer_run_is_shown():
    assert (
        lines([(0.1, n) for n in range(1, 23)], 22)[-1] == "reading twins: 22 of 22 devices in 2 s"
    )


def test_a_line_every_tenth():
    assert lines([(2, n * 100) for n in range(1, 11)], 1000) == [
        "reading twins: 100 of 1,000 devices, 50/s, about 18 s left",
        "reading twins: 200 of 1,000 devices, 50/s, about 16 s left",
        "reading twins: 300 of 1,000 devices, 50/s, about 14 s left",
        "reading twins: 400 of 1,000 devices, 50/s, about 12 s left",
        "reading twins: 500 of 1,000 devices, 50/s, about 10 s left",
        "reading twins: 600 of 1,000 devices, 50/s, about 8 s left",
        "reading twins: 700 of 1,000 devices, 50/s, about 6 s left",
        "reading twins: 800 of 1,000 devices, 50/s, about 4 s left",
        "reading twins: 900 of 1,000 devices, 50/s, about 2 s left",
        "reading twins: 1,000 of 1,000 devices in 20 s",
    ]


def test_a_slow_run_shows_that_it_lives():
    assert lines([(5, 1), (5, 2), (5, 3), (5, 4)], 1000) == [
        "reading twins: 2 of 1,000 devices, 0.2/s, about 1 h 23 min left",
        "reading twins: 4 of 1,000 devices, 0.2/s, about 1 h 23 min left",
    ]


def test_nothing_when_quiet():
    stream = Terminal()
    run(stream, [(20, 1), (20, 2)], 2, quiet=True)
    assert stream.getvalue() == ""


def test_a_bar_on_a_terminal():
    stream = Terminal()
    run(stream, [(1, 1), (1, 11), (1, 22)], 22)
    assert "reading twins" in stream.getvalue()
    assert "22/22" in stream.getvalue()


def test_the_last_second_is_not_about():
    assert lines([(1, 60), (1, 119)], 120)[1] == (
        "reading twins: 119 of 120 devices, 60/s, less than a second left"
    )


def test_a_bar_runs_before_anything_is_done_and_counts_nothing():
    stream = Terminal()
    with progress("planning", stream, clock=Clock()):
        pass
    assert "planning" in stream.getvalue()
    assert "0/" not in stream.getvalue()
