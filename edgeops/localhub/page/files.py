"""The files of the page: HTML, CSS, ES modules and an icon, as they are in the package."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources

_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file and its media type."""

    content: bytes
    content_type: str


def page_files() -> dict[str, PageFile]:
    """The files by their names."""
    folder = resources.files("edgeops.localhub.page") / "web"
    return {
        file.name: PageFile(file.read_bytes(), _TYPES["." + file.name.rpartition(".")[2]])
        for file in folder.iterdir()
    }
