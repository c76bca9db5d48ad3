"""Which line of a manifest sets a value of a twin."""

import pytest

from edgeops.fleet.explain import Explained
from edgeops.fleet.model import Place
from edgeops.fleet.origin import Origins

LINES = {
    "/tags/location/lat": 1,
    "/desired/rate": 2,
    "/modules/camera/image": 3,
    "/modules/camera/env/URL": 4,
    "/modules/camera/createOptions/HostConfig/Privileged": 5,
    "/modules/camera/createOptions/Hostname": 6,
    "/modules/camera/restartPolicy": 7,
    "/modules/camera/desired/level": 8,
    "/modules/camera/routes/up": 9,
    "/edge/agent/image": 10,
    "/edge/hub/startupOrder": 11,
    "/edge/routes/all/route": 12,
    "/edge/timeToLiveSecs": 13,
    "/edge/registryCredentials/acr/password": 14,
    "/authentication/type": 15,
    "/modules/mounted/storage": 16,
    "/modules/camera2/image": 17,
}
VALUES = [Explained(path, "x", Place("f.yaml", line), "Group g") for path, line in LINES.items()]
ORIGINS = Origins([*VALUES, Explained("/edge/minDockerVersion", "x", None, "default")])


@pytest.mark.parametrize(
    ("module", "section", "path", "lines"),
    [
        (None, "tags", "location lat", [1]),
        (None, "desired", "rate", [2]),
        (None, "desired", "rate below", [2]),
        (None, "desired", "other", []),
        (None, "identity", "authentication", [15]),
        (None, "identity", "thumbprints primary", [15]),
        ("camera", "desired", "level", [8]),
        ("$edgeAgent", "desired", "modules camera settings image", [3]),
        ("$edgeAgent", "desired", "modules camera2 settings image", [17]),
        ("$edgeAgent", "desired", "modules camera env URL value", [4]),
        ("$edgeAgent", "desired", "modules camera settings createOptions", [5, 6]),
        ("$edgeAgent", "desired", "modules camera settings createOptions01", [5, 6]),
        ("$edgeAgent", "desired", "modules mounted settings createOptions", [16]),
        ("$edgeAgent", "desired", "modules camera restartPolicy", [7]),
        ("$edgeAgent", "desired", "modules camera type", []),
        ("$edgeAgent", "desired", "systemModules edgeAgent settings image", [10]),
        ("$edgeAgent", "desired", "systemModules edgeHub startupOrder", [11]),
        ("$edgeAgent", "desired", "systemModules other type", []),
        (
            "$edgeAgent",
            "desired",
            "runtime settings registryCredentials acr password",
            [14],
        ),
        ("$edgeAgent", "desired", "runtime settings minDockerVersion", []),
        ("$edgeHub", "desired", "routes all route", [12]),
        ("$edgeHub", "desired", "routes all", [12]),
        ("$edgeHub", "desired", "routes up", [9]),
        ("$edgeHub", "desired", "routes nobody", []),
        ("$edgeHub", "desired", "storeAndForwardConfiguration timeToLiveSecs", [13]),
        ("$edgeHub", "desired", "schemaVersion", []),
    ],
)
def test_the_lines_that_set_a_value(module, section, path, lines):
    places = ORIGINS.of(module, section, tuple(path.split()))
    assert [place.line for place in places] == lines
