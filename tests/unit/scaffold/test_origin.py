"""Which edgeops a new repository runs: one that others can install, or none."""

import json

import pytest

from edgeops import __version__
from edgeops.scaffold.origin import NOWHERE, Origin, origin_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = "https://github.com/contoso/edgeops.git"


def of(url, **more):
    return origin_of(json.dumps({"url": url, **more}))


def test_an_installation_from_an_index_is_a_release():
    assert origin_of(None) == Origin(__version__, released=True)


def test_an_installation_from_a_commit_is_that_commit():
    origin = of(URL, vcs_info={"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"})
    assert origin == Origin(f"git+{URL}@{COMMIT}", released=False)


@pytest.mark.parametrize(
    ("url", "more"),
    [
        ("file:///src/edgeops", {"dir_info": {"editable": True}}),
        ("file:///tmp/edgeops-0.1.0-py3-none-any.whl", {"archive_info": {}}),
        ("file:///src/edgeops", {"vcs_info": {"vcs": "git", "commit_id": COMMIT}}),
        ("ssh://git@github.com/contoso/edgeops", {"vcs_info": {"commit_id": COMMIT}}),
        ("https://user:secret@github.com/contoso/edgeops", {"vcs_info": {"commit_id": COMMIT}}),
        (URL, {"vcs_info": {"commit_id": "main"}}),
        (URL, {"vcs_info": {}}),
        (f'{URL}"; touch x', {"vcs_info": {"commit_id": COMMIT}}),
    ],
)
def test_other_installations_have_no_origin(url, more):
    assert of(url, **more) == NOWHERE
