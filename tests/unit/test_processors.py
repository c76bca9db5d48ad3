import os
import subprocess
import sys

import pytest

from edgeops.processors import processors


def test_there_is_one_at_least() -> None:
    assert processors() >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell which may be used")
def test_only_those_that_may_be_used_count() -> None:
    program = "from edgeops.processors import processors; print(processors())"
    one = sorted(os.sched_getaffinity(0))[:1]
    done = subprocess.run(
        [sys.executable, "-c", program],
        preexec_fn=lambda: os.sched_setaffinity(0, one),
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout == "1\n"
