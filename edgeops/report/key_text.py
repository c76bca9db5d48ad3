"""A new pair of keys as lines and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeops.report.documents import dump_json
from edgeops.report.style import Line, dim, render

if TYPE_CHECKING:
    from edgeops.api.signing import KeyPair


def text(made: KeyPair, *, color: bool = False) -> str:
    """Where the keys are, and what to do with them; no newline at its end."""
    lines: list[Line] = [
        [f"{made.private}  private: keep it out of git, and in no more places than need it"],
        [f"{made.public}  public, {made.identity}"],
        [],
        [dim("1. to sign:    `edgeops model publish --sign --key FILE`; for what is published,")],
        [dim("               `edgeops model sign`; in a workflow, EDGEOPS_SIGNING_KEY,")],
        [dim("               a secret of a protected environment, holds the private key")],
        [dim("2. in git:     commit the public key, such as keys/releases.pub, and name it in")],
        [dim("               the Fleet: `trust: {releases: [keys/releases.pub]}`")],
        [dim("3. on devices: put the public key into /etc/edgeops/trust/ of the image, or of the")],
        [dim("               host, bound into the module model_loader")],
    ]
    return render(lines, color)


def as_json(made: KeyPair) -> str:
    """One object; ends with a newline."""
    return dump_json(
        {"private": str(made.private), "public": str(made.public), "key": made.identity}
    )
