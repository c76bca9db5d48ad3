"""An edge device full of modules and environment variables, with Microsoft's SDK as the other
writer."""

from __future__ import annotations

import random

import pytest
from azure.iot.hub import IoTHubConfigurationManager
from azure.iot.hub.models import ConfigurationContent

from edgeops import limits

WORDS = [
    "camera",
    "model",
    "rate",
    "limit",
    "mode",
    "host",
    "port",
    "user",
    "url",
    "path",
    "level",
    "size",
    "count",
    "zone",
    "proxy",
]


def names(kind, count):
    noise = random.Random(1)
    if kind == "words":
        return ["_".join(noise.sample(WORDS, 3)).upper() + str(n) for n in range(count)]
    return [f"{noise.getrandbits(72):018X}" for _ in range(count)]


def manifests(environments):
    modules = ", ".join(f"{module}: {{}}" for module in environments)
    tags = {f"tag{n}": "a value of a usual length" for n in range(20)}
    specs = [("Fleet", "sites", "{hubs: {local: {}}}")]
    specs += [
        ("Module", name, f"{{image: 'i:1', env: {env}}}") for name, env in environments.items()
    ]
    specs += [("Device", "gateway", f"{{edge: true, tags: {tags}, modules: {{{modules}}}}}")]
    return "---\n".join(
        f"apiVersion: edgeops/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
        for kind, name, spec in specs
    )


def env_of(registry, module):
    agent = registry.get_module_twin("gateway", "$edgeAgent").properties.desired
    return {name: entry["value"] for name, entry in agent["modules"][module]["env"].items()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["words", "random"])
def test_one_of_a_thousand_environment_variables_is_removed(
    empty_repo, with_hub, registry, local_hub, kind
):
    with_hub(empty_repo)
    all_names = names(kind, 1000)
    environments = {
        f"module{n}": dict.fromkeys(all_names[20 * n : 20 * n + 20], "1") for n in range(50)
    }

    def sync():
        empty_repo.write("fleet/fleet.yaml", manifests(environments))
        empty_repo.commit()
        result = empty_repo.edgeops("sync")
        assert result.code == 0, result
        assert empty_repo.in_sync()

    sync()
    assert limits.size(registry.get_twin("gateway").tags) <= limits.TAGS_BYTES
    agent = registry.get_module_twin("gateway", "$edgeAgent").properties.desired
    agent = {key: value for key, value in agent.items() if key[:1] != "$"}
    agent["modules"]["module7"]["env"]["THEIRS"] = {"value": "2"}
    content = {"$edgeAgent": {"properties.desired": agent}}
    manager = IoTHubConfigurationManager.from_connection_string(local_hub.connection_string)
    manager.protocol.config.connection.verify = str(local_hub.ca_file)
    manager.apply_configuration_on_edge_device(
        "gateway", ConfigurationContent(modules_content=content)
    )
    before = env_of(registry, "module7")
    for env in environments.values():
        env.pop(min(env))
    sync()
    after = env_of(registry, "module7")
    assert before.keys() - after.keys() == {min(all_names[140:160])}
    assert after == environments["module7"] | {"THEIRS": "2"}
