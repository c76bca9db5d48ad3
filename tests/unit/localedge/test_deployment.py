"""What a deployment means for this machine: modules, programs, folders."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.localedge.deployment import BadDeployment, Bind, parse_deployment
from edgeops.localedge.restart import restarts
from edgeops.localedge.storage import map_folders, storage_of, with_paths_of_this_machine

LOADER = "ghcr.io/example/edgeops-model-loader:1.0.0"


def module(image: str = LOADER, *binds: str, **more: object) -> dict:
    options = json.dumps({"HostConfig": {"Binds": list(binds)}} if binds else {})
    return {
        "type": "docker",
        "status": "running",
        "restartPolicy": "always",
        "settings": {"image": image, "createOptions": options},
    } | more


def desired(**modules: object) -> dict:
    return {"$version": 3, "schemaVersion": "1.1", "modules": modules}


def test_modules_come_in_the_order_of_starting():
    deployment = parse_deployment(
        desired(
            b=module(startupOrder=1),
            a=module(startupOrder=1),
            z=module(env={"A": {"value": "text"}, "B": {"value": 7}, "C": {"value": True}}),
        )
    )
    assert (deployment.version, [parsed.name for parsed in deployment.modules]) == (
        3,
        ["z", "a", "b"],
    )
    assert deployment.modules[0].env == {"A": "text", "B": "7", "C": "true"}


@pytest.mark.parametrize(
    ("image", "program"),
    [
        (LOADER, "edgeops.modules.model_loader"),
        ("localhost:5000/edgeops-forecaster", "edgeops.modules.forecaster"),
        ("edgeops-forecaster@sha256:0123", "edgeops.modules.forecaster"),
        ("mcr.microsoft.com/azureiotedge-simulated-temperature-sensor:1.0", None),
        ("example/not-edgeops-forecaster:1", None),
    ],
)
def test_our_own_images_are_known_by_their_name(image, program):
    assert parse_deployment(desired(m=module(image))).modules[0].program == program


def test_a_program_stands_in_for_a_module_by_its_name():
    modules = parse_deployment(
        desired(m=module("example/m"), n=module("example/n")), {"m": "/home/me/m.py"}
    ).modules
    assert [each.program for each in modules] == ["/home/me/m.py", None]


def test_create_options_come_in_pieces():
    spec = module()
    spec["settings"] = {
        "image": LOADER,
        "createOptions": '{"HostConfig":{"Bin',
        "createOptions01": 'ds":["/srv/m:/models:ro"]}}',
    }
    parsed = parse_deployment(desired(m=spec)).modules[0]
    assert parsed.binds == (Bind(PurePosixPath("/srv/m"), PurePosixPath("/models")),)


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        ({"$version": 1}, 417, "no deployment is set"),
        (None, 417, "no deployment is set"),
        ({"schemaVersion": "2.0"}, 412, "schemaVersion '2.0' is not 1.x"),
        ({"modules": {}}, 412, "schemaVersion '' is not 1.x"),
        (desired() | {"modules": []}, 400, "modules must be an object"),
        (desired(m={}), 400, "module m: settings are missing"),
        (desired(m={"settings": {}}), 400, "module m: settings.image is missing"),
        (desired(m=module(restartPolicy="often")), 400, "module m: restartPolicy must be"),
        (desired(m=module(LOADER, "models:/models")), 400, "module m: 'models:/models' is not"),
        (desired(m=module(LOADER, "/a:/../etc")), 400, "module m: '/a:/../etc' is not a storage"),
        (desired(m=module(LOADER, "/a:/")), 400, "module m: '/a:/' is not a storage"),
        (desired(m=module(LOADER, "/a:/.")), 400, "module m: '/a:/.' is not a storage"),
        (desired(m=module(LOADER, "/a:/b\0c")), 400, r"module m: '/a:/b\\x00c' is not a storage"),
        (desired(m=module(LOADER, "/a:/b\ud800")), 400, "module m: '/a:/b"),
        (
            desired(m={"settings": {"image": "i", "createOptions": "{"}}),
            400,
            "module m: createOptions is not a JSON object",
        ),
    ],
)
def test_a_bad_deployment_says_what_is_wrong(document, code, message):
    with pytest.raises(BadDeployment, match="^" + message.replace(".", r"\.")) as caught:
        parse_deployment(document)
    assert caught.value.code == code


def test_the_volumes_of_others_are_their_own_business():
    deployment = parse_deployment(
        desired(m=module("postgres:16", "data:/var/lib/postgresql", "/a:/"))
    )
    assert (deployment.modules[0].binds, deployment.modules[0].refused) == ((), None)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../../escape", "IoT Edge allows 1 to 128 letters"),
        ("..", "IoT Edge allows"),
        ("a/b", "IoT Edge allows"),
        ("", "IoT Edge allows"),
        ("$edgeAgent", "IoT Edge allows"),
        ("a\0", "IoT Edge allows"),
        ("model_loader", "its name differs from Model_Loader only by case"),
    ],
)
def test_a_name_that_could_be_the_folder_of_another_is_refused(name, why):
    modules = parse_deployment(
        desired(**{name: module(), "Model_Loader": module(), "camera": module("camera:1")})
    ).modules
    refused = {parsed.name: parsed.refused for parsed in modules if parsed.refused}
    assert refused.keys() == {name}
    assert refused[name].startswith(why)


def test_an_env_for_a_container_alone_is_refused_for_modules_that_are_processes_here():
    env = {"PYTHONPATH": {"value": "/srv/code"}, "A": {"value": 1}}
    modules = parse_deployment(
        desired(loader=module(env=env), plain=module(), camera=module("camera:1", env=env))
    ).modules
    assert {parsed.name: parsed.refused for parsed in modules} == {
        "loader": "the env of a process may not set 'PYTHONPATH', which would change"
        " which code is loaded",
        "plain": None,
        "camera": None,
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["settings", "image", "env", "value", "createOptions", "status", "startupOrder"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_deployment_raises_anything_else(value):
    with contextlib.suppress(BadDeployment):
        parse_deployment({"schemaVersion": "1.1", "modules": {"m": value}})


def test_modules_that_bind_the_same_source_share_a_folder(tmp_path):
    modules = parse_deployment(
        desired(
            model_loader=module(LOADER, "/srv/models:/models"),
            other=module(LOADER, "/srv/models:/data", env={"EDGEOPS_STORAGE": {"value": "/data"}}),
            third=module(LOADER, "/srv/more:/models"),
            none=module(),
            sly=module(
                LOADER, "/srv/models:/models", env={"EDGEOPS_STORAGE": {"value": "/models/../x"}}
            ),
        )
    ).modules
    folders = map_folders(tmp_path, modules)
    storage = {parsed.name: storage_of(parsed, folders, tmp_path) for parsed in modules}
    assert storage["model_loader"] == storage["other"] == tmp_path / "models"
    assert storage["third"].parent == tmp_path
    assert storage["third"].name.startswith("models-")
    assert storage["none"] == tmp_path / "containers/none"
    assert storage["sly"] == tmp_path / "containers/sly"


def test_the_closest_binding_holds_a_path():
    modules = parse_deployment(
        desired(
            m=module(
                LOADER,
                "/srv/models:/models",
                "/srv/street:/models/street",
                env={"EDGEOPS_STORAGE": {"value": "/models/street/"}},
            )
        )
    ).modules
    folders = map_folders(Path("/d"), modules)
    assert storage_of(modules[0], folders, Path("/d")) == folders[PurePosixPath("/srv/street")]


@pytest.mark.parametrize(
    ("inside", "here"),
    [
        ("/models/history.csv", "models/history.csv"),
        ("/models/a/../history.csv", "models/history.csv"),
        ("/etc/passwd", "containers/m/etc/passwd"),
        ("/models/../../../../etc/passwd", "containers/m/etc/passwd"),
        ("../../etc/passwd", "containers/m/etc/passwd"),
        ("/..", "containers/m"),
        ("//etc/passwd", "containers/m/etc/passwd"),
    ],
)
def test_a_file_that_env_names_is_one_of_the_device(tmp_path, inside, here):
    env = {"EDGEOPS_HISTORY_CSV": {"value": inside}, "A": {"value": "/etc"}}
    modules = parse_deployment(desired(m=module(LOADER, "/srv:/models", env=env))).modules
    mapped = with_paths_of_this_machine(modules[0], map_folders(tmp_path, modules), tmp_path)
    assert mapped.env == {"EDGEOPS_HISTORY_CSV": str(tmp_path / here), "A": "/etc"}


PATHS = st.lists(st.sampled_from(["", ".", "..", "a", "A", "containers", "~"]), max_size=5).map(
    lambda parts: "/" + "/".join(parts)
)


@given(st.lists(st.tuples(PATHS, PATHS), max_size=4), PATHS | st.text(max_size=5), PATHS)
def test_no_path_leads_out_of_the_folder_of_the_device(binds, storage, file):
    root = Path("/devices/a")
    env = {"EDGEOPS_STORAGE": {"value": storage}, "EDGEOPS_HISTORY_CSV": {"value": file}}
    texts = [f"{source}:{target}" for source, target in binds]
    try:
        modules = parse_deployment(
            desired(m=module(LOADER, *texts, env=env), n=module(LOADER, *texts))
        ).modules
    except BadDeployment:
        return
    folders = map_folders(root, modules)
    assert all(root in folder.parents for folder in folders.values())
    lowered = {str(folder).lower() for folder in folders.values()}
    assert len(lowered) == len(folders), "two sources never share a folder"
    for parsed in modules:
        places = [storage_of(parsed, folders, root)]
        if csv := with_paths_of_this_machine(parsed, folders, root).env.get("EDGEOPS_HISTORY_CSV"):
            places.append(Path(csv))
        for place in places:
            assert root in place.parents
            assert ".." not in place.parts


def test_a_deeper_target_is_a_deeper_folder(tmp_path):
    modules = parse_deployment(desired(m=module(LOADER, "/srv:/var/lib/models"))).modules
    assert map_folders(tmp_path, modules) == {
        PurePosixPath("/srv"): Path(tmp_path, "var/lib/models")
    }


@pytest.mark.parametrize(
    ("policy", "after_0", "after_1"),
    [
        ("never", False, False),
        ("on-failure", False, True),
        ("on-unhealthy", False, True),
        ("always", True, True),
    ],
)
def test_restart_policies(policy, after_0, after_1):
    assert (restarts(policy, 0), restarts(policy, 1)) == (after_0, after_1)
