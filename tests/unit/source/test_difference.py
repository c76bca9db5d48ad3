"""The files that differ between two commits tell which devices may."""

import pytest

from edgeops.source.difference import may_differ
from edgeops.source.listing import Listing

HEAD = "apiVersion: edgeops/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
ONE = {
    "fleet/fleet.yaml": HEAD.format(kind="Fleet", name="f", spec="{hubs: {local: {}}}"),
    "fleet/all.yaml": HEAD.format(kind="Group", name="all", spec="{selector: {}}"),
    "fleet/d1.yaml": HEAD.format(kind="Device", name="d1", spec="{}"),
    "fleet/d2.yaml": HEAD.format(kind="Device", name="d2", spec="{}"),
    "fleet/set.yaml": HEAD.format(
        kind="DeviceSet", name="s", spec="{template: {spec: {}}, devices: [{name: s1}, {name: s2}]}"
    ),
    "schemas/cam.json": "{}",
    "models/m/model.yaml": "",
}
TAGGED = HEAD.format(kind="Device", name="d1", spec="{tags: {a: 1}}")


def listing(files):
    texts = {path: text.encode() for path, text in files.items() if text is not None}
    blobs = {path: str(hash(data)) for path, data in texts.items()}
    return Listing(None, blobs, (), texts.__getitem__, texts.__getitem__)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({}, set()),
        ({"fleet/d1.yaml": TAGGED}, {"d1"}),
        ({"fleet/d1.yaml": None}, {"d1"}),
        ({"fleet/d1.yaml": None, "fleet/other.yaml": ONE["fleet/d1.yaml"]}, {"d1"}),
        ({"fleet/d1.yaml": TAGGED.replace("d1", "d3")}, {"d1", "d3"}),
        ({"fleet/set.yaml": ONE["fleet/set.yaml"].replace("s2", "s3")}, {"s1", "s2", "s3"}),
        ({"models/m/model.yaml": "a: 1"}, set()),
        ({"fleet/all.yaml": None}, None),
        ({"fleet/d1.yaml": ONE["fleet/d1.yaml"] + "---\n" + ONE["fleet/all.yaml"]}, None),
        ({"fleet/fleet.yaml": ONE["fleet/fleet.yaml"].replace("{}}", "{}}, uid: abcdefgh")}, None),
        ({"schemas/cam.json": '{"type": "object"}'}, None),
        ({"fleet/d1.yaml": "kind: ["}, None),
    ],
    ids=range(12),
)
def test_devices_of_files_that_differ(change, names):
    before, after = listing(ONE), listing(ONE | change)
    assert may_differ(before, after, None) == names
    assert may_differ(after, before, None) == names
