"""The certificates that the local hub trusts, a line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from edgeops.report.inert import one_line

if TYPE_CHECKING:
    from edgeops.localhub.trusted import TrustedCertificate

_MOST = 100  # characters of a subject


def trusted_lines(certificates: Iterable[TrustedCertificate]) -> Iterator[str]:
    """Fingerprint, the day on which it expires, whom it is for, and its subject."""
    for each in certificates:
        whom = "CA" if each.authority else "one device"
        subject = one_line(each.subject, _MOST)
        yield f"{each.fingerprint}  until {each.expires:%Y-%m-%d}  {whom}  {subject}"
