"""README and docs/ do not lie: their help block, commands, examples and links are real.

Run by `make check`.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from azure_documents import document

from edgeops.cli.main import run

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "fleet/README.md")
MOST_LINES = 150  # of the README; what is longer is a page of docs/
GROUPS = ("hub", "device", "github", "model")
HELP = re.compile(r"```\n\$ edgeops --help\n(.*?)```", re.DOTALL)
ROUTES = re.compile(r"(<!-- routes -->\n)(.*?)(<!-- end of routes -->)", re.DOTALL)
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@cache
def help_of(*command: str) -> str:
    """What is printed; raises `LookupError` if there is no such command."""
    printed, wrong = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(wrong):
        code = run([*command, "--help"])
    if code:
        raise LookupError(wrong.getvalue())
    return printed.getvalue()


def pages() -> list[Path]:
    return [ROOT / name for name in PAGES] + sorted((ROOT / "docs").glob("*.md"))


def complaints() -> Iterator[tuple[Path, str]]:
    for page in pages():
        for of_page in (help_blocks, targets, links, examples, commands):
            for complaint in of_page(page, page.read_text()):
                yield page, complaint
    hub_page = ROOT / "docs/local-hub.md"
    if [block for _, block, _ in ROUTES.findall(hub_page.read_text())] != [routes_table()]:
        yield hub_page, "the table of routes is not that of the code; see --write"
    commands_page = ROOT / "docs/commands.md"
    if not HELP.search(commands_page.read_text()):
        yield commands_page, "there is no `edgeops --help` block"
    readme = ROOT / "README.md"
    if (length := len(readme.read_text().splitlines())) > MOST_LINES:
        yield readme, f"{length} lines; it may have {MOST_LINES}: move something to docs/"
    for index, prefix in ((readme, "docs/"), (ROOT / "docs/README.md", "")):
        for page in (ROOT / "docs").glob("*.md"):
            if page.name != "README.md" and f"]({prefix}{page.name})" not in index.read_text():
                yield index, f"does not link to docs/{page.name}"


def help_blocks(_page: Path, text: str) -> Iterator[str]:
    for block in HELP.findall(text):
        if block.strip() != help_of().strip():
            yield "the `edgeops --help` block is not what the command prints; see --write"


@cache
def routes_table() -> str:
    """The operations of the local hub over HTTPS, as a table in Markdown."""
    from edgeops.localhub.http.app import ROUTES as OPERATIONS
    from edgeops.localhub.page import LINKS, PAGE_ROUTES

    rows: dict[tuple[str, str], dict[str, str]] = {}
    spellings: dict[str, str] = {}  # Microsoft's clients spell some paths in two ways
    for route in (*OPERATIONS, LINKS):
        path = spellings.setdefault(route.path.lower(), route.path)
        kind = route.kind.value if route.kind else "none"
        needs = " and ".join(
            f"{part}".lower().replace("_", " ") for part in names(route.permission)
        )
        rows.setdefault((path, kind), {})[route.method] = needs
    for page_route in PAGE_ROUTES:
        path, needs = (page_route.path, "none") if page_route.public else ("/page/api/*", "session")
        rows.setdefault((path, "none"), {})[page_route.method] = needs
    lines = ["| path | methods: permission | operation | document of Azure |", "|---|---|---|---|"]
    for (path, kind), methods in rows.items():
        by_permission: dict[str, list[str]] = {}
        for method, needs in methods.items():
            by_permission.setdefault(needs, []).append(method)
        cells = "; ".join(f"{', '.join(m)}: {needs}" for needs, m in by_permission.items())
        lines.append(f"| `{path}` | {cells} | {kind} | {document(path)} |")
    return "\n".join(lines) + "\n"


def names(permission: Any) -> list[str]:
    """The names of the permissions in a flag."""
    return [part.name for part in permission]


def targets(_page: Path, text: str) -> Iterator[str]:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:^\$? ?|`)make ([a-z]\w*)", text, re.MULTILINE):
        if not re.search(rf"^(\S+ )*{target}( \S+)*:", makefile, re.MULTILINE):
            yield f"`make {target}` is not in the Makefile"


def links(page: Path, text: str) -> Iterator[str]:
    for link in re.findall(r"\]\(([^):]+)\)", FENCED.sub("", text)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists():
            yield f"link to {path}, which does not exist"
        elif anchor and anchor not in anchors(target.read_text()):
            yield f"link to {link}, which has no such heading"


def anchors(text: str) -> set[str]:
    """The names that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def examples(_page: Path, text: str) -> Iterator[str]:
    read = {"yaml": lambda block: list(yaml.safe_load_all(block)), "json": json.loads}
    for language, block in FENCED.findall(text):
        if language in read:
            try:
                read[language](block)
            except (ValueError, yaml.YAMLError) as error:
                yield f"a {language} example cannot be read: {error}"


def commands(_page: Path, text: str) -> Iterator[str]:
    fenced = "\n".join(block for _, block in FENCED.findall(text))
    for line in sorted(set(re.findall(r"^(?:\$ )?edgeops ([^|>&#\n]+)", fenced, re.MULTILINE))):
        words = line.split()
        if words[0].startswith("-"):
            continue
        depth = 3 if words[:2] == ["hub", "device"] else 2 if words[0] in GROUPS else 1
        command = words[:depth]
        try:
            known = help_of(*command) + help_of()
        except LookupError:
            yield f"`edgeops {line.strip()}`: no such command"
            continue
        for option in re.findall(r"(?<!\S)--?[a-z][a-z-]*", line):
            if option not in known:
                yield f"`edgeops {line.strip()}`: no option {option}"


def write() -> None:
    """Put what the command prints, and the routes that the code has, into the pages."""
    block = f"```\n$ edgeops --help\n{help_of().strip()}\n```"
    for page in pages():
        text = HELP.sub(lambda _: block, page.read_text())
        page.write_text(ROUTES.sub(lambda m: m[1] + routes_table() + m[3], text))


if __name__ == "__main__":
    if "--write" in sys.argv:
        write()
    wrong = list(complaints())
    for page, complaint in wrong:
        print(f"{page.relative_to(ROOT)}: {complaint}", file=sys.stderr)
    sys.exit(1 if wrong else 0)
