"""Features as a table by group, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from edgeops.report.documents import dump_json
from edgeops.report.style import Line, bold, columns, dim, green, render
from edgeops.report.words import count

if TYPE_CHECKING:
    from edgeops.api.model_start import ModelFeatures

_USED = "*"


def text(found: ModelFeatures, *, color: bool = False) -> str:
    """A row a feature, by group; `*` marks those that the model uses."""
    return render(_lines(found), color)


def as_json(found: ModelFeatures) -> str:
    """An array with an object a feature; `used` only where a model was named."""
    return dump_json(
        [
            {
                "name": feature.name,
                "group": feature.group,
                "what": feature.what,
                "unit": feature.unit,
                "of": feature.of,
                "needs": feature.needs,
                **({} if found.used is None else {"used": feature.name in found.used}),
            }
            for feature in found.features
        ]
    )


def _lines(found: ModelFeatures) -> Iterator[Line]:
    rows: list[Line] = []
    for group, features in groupby(found.features, key=lambda feature: feature.group):
        rows.append([bold(group)])
        for feature in features:
            used = found.used is not None and feature.name in found.used
            needs = f" (needs {feature.needs})" if feature.needs else ""
            rows.append(
                [
                    green(_USED) if used else " ",
                    feature.name,
                    feature.unit,
                    f"{feature.what}{needs}",
                ]
            )
    yield from columns(rows, gap=2)
    yield []
    if found.used is not None:
        yield [f"{_USED} {count(len(found.used), 'feature')} used by the model"]
    yield [dim("`features: default`: all for which the site says enough, without those of columns")]
    yield [dim("`features: default-short`: the same without those of the time of the year")]
    yield [dim("`features: [default, event:fair, -dow_mon]`: default, with event:fair, no dow_mon")]
    yield [dim("log: a difference of logarithms; 0.1 is about 10 %")]
