"""Two containers of a device that publish one port of the host."""

import json

import pytest

from edgeops.fleet.check_ports import port_findings
from edgeops.fleet.model import DesiredModule


def publishing(*bindings, text=False, **spec):
    """A spec that publishes these, each as `container port=host port` or `...=address:port`."""
    ports = {}
    for binding in bindings:
        port, _, host = binding.partition("=")
        address, _, number = host.rpartition(":")
        ports.setdefault(port, []).append({"HostIp": address, "HostPort": number})
    options = {"HostConfig": {"PortBindings": ports, "NetworkMode": spec.pop("network", None)}}
    return {"createOptions": json.dumps(options) if text else options, **spec}


def findings(first, second, runtime=None):
    specs = {"a": first, "b": second}
    modules = {name: DesiredModule(name, spec, {}) for name, spec in specs.items()}
    return list(port_findings(modules, runtime or {}))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["80/tcp=8080"], ["90/tcp=8080"]),
        (["80=8080"], ["80/tcp=8080"]),
        (["80/TCP=8080"], ["80/tcp=8080"]),
        (["80/tcp=8080"], ["80/tcp=08080"]),
        (["80/tcp=8080"], ["80/tcp=8080-8080"]),
        (["80/tcp=0.0.0.0:8080"], ["80/tcp=127.0.0.1:8080"]),
        (["80/tcp=127.0.0.1:8080"], ["80/tcp=127.0.0.1:8080"]),
        (["1=1", "80/tcp=8080"], ["2=2", "80/tcp=8080"]),
    ],
)
@pytest.mark.parametrize("text", [False, True])
def test_a_port_that_two_containers_publish(first, second, text):
    (finding,) = findings(publishing(*first), publishing(*second, text=text))
    assert finding.message == "`b` and `a` both publish the host port 8080/tcp"
    port = second[-1].partition("=")[0]
    assert finding.path == ("modules", "b", "createOptions", "HostConfig", "PortBindings", port)
    assert not finding.warning


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["80/tcp=8080"], ["80/tcp=8081"]),
        (["80/tcp=8080"], ["80/udp=8080"]),
        (["80/tcp=192.168.0.1:8080"], ["80/tcp=127.0.0.1:8080"]),
        (["80/tcp=8080-8090"], ["80/tcp=8080-8090"]),
        (["80/tcp=8080-8090"], ["80/tcp=8091"]),
        (["80/tcp=8080", "81/tcp=8080"], []),
        (["80/tcp="], ["80/tcp="]),
        (["80/tcp=x"], ["80/tcp=x"]),
    ],
)
def test_ports_that_do_not_clash(first, second):
    assert findings(publishing(*first), publishing(*second)) == []


def test_a_port_within_the_range_of_another_container_may_be_taken():
    for first, second in ((["80=8000-8010"], ["80=8005"]), (["80=8005"], ["80=8000-8010"])):
        (finding,) = findings(publishing(*first), publishing(*second))
        assert "may take the host port 8005/tcp" in finding.message
        assert finding.warning


@pytest.mark.parametrize("free", [{"status": "stopped"}, {"network": "host"}])
def test_containers_that_publish_nothing(free):
    assert findings(publishing("80=80"), publishing("80=80", **free)) == []


def test_the_ports_of_edge_hub_count_when_git_names_them():
    proxy = publishing("443/tcp=443")
    assert findings(proxy, {}) == []
    (finding,) = findings(proxy, {}, {"hub": publishing("443/tcp=443")})
    assert finding.message == "`a` and `edgeHub` both publish the host port 443/tcp"
    assert findings(proxy, {}, {"hub": publishing("443/tcp=8443")}) == []


def test_a_port_may_be_a_number():
    options = {"HostConfig": {"PortBindings": {"80": [{"HostPort": 80}]}}}
    assert len(findings({"createOptions": options}, publishing("81=80"))) == 1


@pytest.mark.parametrize(
    "options",
    [None, "{", "[" * 100_000, "1", {}, {"HostConfig": 1}, {"HostConfig": {"PortBindings": [1]}},
     {"HostConfig": {"PortBindings": {"80": {"HostPort": "80"}, "81": [1, None]}}}],
)  # fmt: skip
def test_options_of_any_shape_are_taken(options):
    assert findings({"createOptions": options}, {"createOptions": options}) == []
