"""The one line of the action, and the one of the image, that a new repository has of its own."""

import pytest
import yaml

from edgeops import __version__
from edgeops.errors import UsageError
from edgeops.scaffold.origin import NOWHERE, Origin
from edgeops.scaffold.repository import ACTION, new_repository, owner_on_github

COMMIT = f"git+https://github.com/contoso/edgeops@{'a' * 40}"
RELEASE = Origin("1.2.3", released=True)
IMAGE = f"ghcr.io/contoso/edgeops-model-loader:1.2.3@sha256:{'b' * 64}"


@pytest.mark.parametrize("origin", [RELEASE, Origin(COMMIT, released=False), NOWHERE])
def test_the_action_runs_this_very_edgeops(origin):
    action = yaml.safe_load(new_repository("f", origin, {}, "0123456789abcdef")[ACTION])
    assert action["inputs"]["version"]["default"] == origin.version
    assert "SOURCE" not in str(action["runs"])


@pytest.mark.parametrize(
    ("origin", "package"),
    [(RELEASE, "edgeops==1.2.3"), (Origin(COMMIT, released=False), f'"{COMMIT}"')],
)
def test_the_readme_installs_what_there_is(origin, package):
    readme = new_repository("f", origin, {}, "0123456789abcdef")["README.md"].decode()
    assert f"\npip install {package}\n" in readme


def test_the_readme_names_no_package_that_no_registry_has():
    readme = new_repository("f", NOWHERE, {}, "0123456789abcdef")["README.md"].decode()
    assert "pip install edgeops" not in readme


@pytest.mark.parametrize(
    ("images", "image"),
    [
        ({}, f"registry.invalid/edgeops-model-loader:{__version__}"),
        ({"edgeops-forecaster": IMAGE}, f"registry.invalid/edgeops-model-loader:{__version__}"),
        ({"edgeops-model-loader": IMAGE}, IMAGE),
    ],
)
def test_devices_run_images_that_somebody_chose(images, image):
    files = new_repository("f", RELEASE, images, "0123456789abcdef")
    assert yaml.safe_load(files["fleet/modules/model_loader.yaml"])["spec"]["image"] == image


@pytest.mark.parametrize("name", ["", "a/b", "-a", "a-", "a--b", "a b", "a" * 40, "ä"])
def test_an_owner_that_github_cannot_have(name):
    with pytest.raises(UsageError):
        owner_on_github(name)


def test_an_owner_is_lower_case_as_registries_want_it():
    assert owner_on_github("Contoso-2") == "contoso-2"
