"""The images of a release of edgeops by digest, as listed in its `images.txt`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from edgeops.github.rest import GitHubApi, GitHubError

_MOST_BYTES = 65_536


def released_images(server: str, owner: str, version: str) -> Mapping[str, str]:
    """The images of an owner's edgeops by name, as `ghcr.io/OWNER/NAME:VERSION@sha256:...`.

    `server` is GitHub, as https://github.com. Raises `GitHubError` if there are
    none, or GitHub cannot be reached.
    """
    about = f"the images of {owner}/edgeops {version}"
    hints = {404: f"has {owner} published this version? Without --owner, set `image` later"}
    rest = GitHubApi(f"{server}/{owner}/edgeops", about=about, token=None, hints=hints)
    url = f"{server}/{owner}/edgeops/releases/download/v{version}/images.txt"
    with rest.ask("GET", url, stream=True) as response, rest.reaching():
        text = response.raw.read(_MOST_BYTES, decode_content=True).decode(errors="replace")
    image = rf"ghcr\.io/{re.escape(owner)}/([a-z-]+):{re.escape(version)}@sha256:[0-9a-f]{{64}}"
    lines = (re.fullmatch(image, line) for line in text.splitlines())
    images = {line[1]: line[0] for line in lines if line}
    if not images:
        raise GitHubError(f"{url} does not list images of {owner} by digest", "set `image` by hand")
    return images
