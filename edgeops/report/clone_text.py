"""What was cloned from a hub, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from edgeops.api.cloning import Cloned
from edgeops.fleet.secrets import mask
from edgeops.report.documents import dump_json
from edgeops.report.inert import one_line
from edgeops.report.style import Line, bold, dim, render, yellow
from edgeops.report.words import count, duration


def text(cloned: Cloned, *, color: bool = False) -> str:
    """What the clone has, what was masked and left out, and what to do next."""
    return render(list(_lines(cloned)), color)


def as_json(cloned: Cloned) -> str:
    """All of it as one JSON object."""
    return dump_json({**asdict(cloned), "left_out": list(map(mask, cloned.left_out))})


def _lines(cloned: Cloned) -> Iterator[Line]:
    units = count(cloned.units, "unit")
    yield [bold(f"the local hub is a clone of {cloned.hub}"), dim(f"  {cloned.hostname}")]
    parts = (
        count(cloned.devices, "device"),
        count(cloned.modules, "module"),
        count(cloned.configurations, "configuration"),
        f"in {duration(cloned.seconds)}",
    )
    yield [f"  {', '.join(parts)}"]
    yield [f"  throttled as {cloned.sku} with {units}"]
    if total := sum(cloned.masked.values()):
        where = ", ".join(f"{number:,} in {place}" for place, number in cloned.masked.items())
        yield [f"  {count(total, 'secret')} masked as ***: {where}"]
    else:
        yield ["  no secrets to mask"]
    for what in cloned.left_out:
        yield [yellow("  left out: "), one_line(mask(what))]
    yield [dim(f"next: edgeops sync --hub {cloned.hub} --rehearse")]
