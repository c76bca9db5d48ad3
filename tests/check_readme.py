"""The README does not lie: its help block, its commands and its links are real.

Run by `make check`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
EDGEOPS = [sys.executable, "-m", "edgeops"]


def help_of(*command: str) -> str:
    return subprocess.run(
        [*EDGEOPS, *command, "--help"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout


def complaints(readme: str) -> Iterator[str]:
    block = re.search(r"```\n\$ edgeops --help\n(.*?)```", readme, re.DOTALL)
    if not block or block[1].strip() != help_of().strip():
        yield "the `edgeops --help` block is not what the command prints"
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^\$? ?make (\w+)", readme, re.MULTILINE):
        if f"\n{target}:" not in makefile:
            yield f"`make {target}` is not in the Makefile"
    for link in re.findall(r"\]\(([^)#:]+)\)", readme):
        if not (ROOT / link).exists():
            yield f"link to {link}, which does not exist"
    fenced = "\n".join(re.findall(r"^```\w*\n(.*?)^```", readme, re.DOTALL | re.MULTILINE))
    for line in sorted(set(re.findall(r"^(?:\$ )?edgeops ([^|>&\n]+)", fenced, re.MULTILINE))):
        words = line.split()
        if words[0].startswith("-"):
            continue
        command = words[:2] if words[0] in ("hub", "device", "github", "model") else words[:1]
        known = help_of(*command) + help_of()
        for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", line):
            if option not in known:
                yield f"`edgeops {line.strip()}`: no option {option}"


if __name__ == "__main__":
    wrong = list(complaints((ROOT / "README.md").read_text()))
    for complaint in wrong:
        print(f"README.md: {complaint}", file=sys.stderr)
    sys.exit(1 if wrong else 0)
