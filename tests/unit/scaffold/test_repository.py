"""The one line of the action, and the one of the image, that a new repository has of its own."""

import pytest
import yaml

from edgeops import __version__
from edgeops.scaffold.origin import NOWHERE, Origin
from edgeops.scaffold.repository import ACTION, new_repository

COMMIT = f"git+https://github.com/contoso/edgeops@{'a' * 40}"
RELEASE = Origin("1.2.3", released=True)


@pytest.mark.parametrize("origin", [RELEASE, Origin(COMMIT, released=False), NOWHERE])
def test_the_action_runs_this_very_edgeops(origin):
    action = yaml.safe_load(new_repository("f", origin)[ACTION])
    assert action["inputs"]["version"]["default"] == origin.version
    assert "SOURCE" not in str(action["runs"])


@pytest.mark.parametrize(
    ("origin", "owner", "registry"),
    [
        (RELEASE, "Contoso", "ghcr.io/contoso"),
        (RELEASE, "", "registry.invalid"),
        (NOWHERE, "contoso", "registry.invalid"),
    ],
)
def test_devices_run_images_that_somebody_chose(origin, owner, registry):
    files = new_repository("f", origin, owner)
    image = yaml.safe_load(files["fleet/modules/model_loader.yaml"])["spec"]["image"]
    assert image == f"{registry}/edgeops-model-loader:{__version__}"
