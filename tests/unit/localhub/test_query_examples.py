"""The queries of Microsoft's documentation and tools, each with the rows that it gives."""

import json

import pytest

from edgeops.localhub.query import condition, matches, page, parse, parse_metric
from edgeops.localhub.steps import finish


def device(name, **twin):
    return {
        "deviceId": name,
        "status": "enabled",
        "connectionState": "Disconnected",
        "lastActivityTime": "2021-05-07T00:50:38.0543092Z",
        "capabilities": {"iotEdge": False},
        "properties": {"desired": {"$version": 1}, "reported": {"$version": 1}},
        **twin,
    }


def telemetry(status, seconds, **reported):
    config = {"configId": "db00ebf5", "sendFrequencyInSecs": seconds, "status": status}
    return {
        "desired": {"$version": 4},
        "reported": {"telemetryConfig": config, "$version": 7, **reported},
    }


EDGE_SCOPE = "ms-azure-iot-edge://gateway-637"
DEVICES = [
    device("gateway", capabilities={"iotEdge": True}, deviceScope=EDGE_SCOPE, parentScopes=[]),
    device(
        "myDeviceId",
        tags={
            "location": {"region": "US", "plant": "Redmond43"},
            "environment": "prod",
            "building": 9,
        },
        properties=telemetry("Success", 300, connectivity="wifi"),
        deviceScope=EDGE_SCOPE,
        parentScopes=[EDGE_SCOPE],
    ),
    device(
        "paused",
        connectionState="Connected",
        status="disabled",
        tags={"location": {"region": "US"}, "environment": "test", "building": 9},
        properties=telemetry("Pending", 30, connectivity={"type": "cellular"}),
    ),
    device(
        "remote",
        connectionState="Connected",
        tags={"location": {"region": "EU"}, "environment": "prod"},
        properties=telemetry(
            "Success",
            60,
            connectivity="wired",
            chillerProperties={"model": "4000x"},
            chillerWaterSettings={"status": "pending"},
        ),
        configurations={"yourconfigname": {"status": "Applied"}},
    ),
]
MODULES = [
    {
        "deviceId": "device1",
        "moduleId": "$edgeAgent",
        "configurations": {"c12": {"status": "Applied"}},
        "properties": {
            "desired": {"$version": 3},
            "reported": {"lastDesiredVersion": 3, "lastDesiredStatus": {"code": 200}},
        },
    },
    {
        "deviceId": "device1",
        "moduleId": "scanner",
        "properties": {"desired": {}, "reported": {"status": "scanning"}},
    },
    {
        "deviceId": "device3",
        "moduleId": "$edgeAgent",
        "configurations": {"c12": {"status": "Applied"}},
        "properties": {
            "desired": {"$version": 3},
            "reported": {"lastDesiredVersion": 3, "lastDesiredStatus": {"code": 412}},
        },
    },
    {
        "deviceId": "device3",
        "moduleId": "scanner",
        "tags": {"building": 9},
        "properties": {"desired": {}, "reported": {"status": "scanning"}},
    },
]


def job(job_id, device_id, kind="scheduleUpdateTwin", created="2016-09-29T18:18:56.7787107Z"):
    return {
        "deviceId": device_id,
        "jobId": job_id,
        "jobType": kind,
        "status": "completed",
        "startTimeUtc": "2016-09-29T18:18:52.7418462",
        "endTimeUtc": "2016-09-29T18:20:52.7418462",
        "createdDateTimeUtc": created,
        "lastUpdatedDateTimeUtc": "2016-09-29T18:18:56.8894408Z",
        "outcome": {"deviceMethodResponse": None},
    }


JOBS = [
    job("early", "myDeviceId", created="2016-08-31T23:59:59.0000000Z"),
    job("method", "myDeviceId", "scheduleDeviceMethod"),
    job("myJobId", "myDeviceId"),
    job("myJobId", "remote"),
]
DOCUMENTS = {"devices": DEVICES, "devices.modules": MODULES, "devices.jobs": JOBS}


def rows_of(query):
    rows, _ = finish(page(query, DOCUMENTS[query.source], 100))
    return [json.loads(row) for row in rows]


def named(*names):
    return [twin for twin in DEVICES if twin["deviceId"] in names]


@pytest.mark.parametrize(
    ("text", "kind", "rows"),
    [
        # "Queries for IoT Hub device and module twins", Microsoft Learn
        ("SELECT * FROM devices", "Twin", DEVICES),
        (
            "SELECT COUNT() as totalNumberOfDevices FROM devices",
            "Raw",
            [{"totalNumberOfDevices": 4}],
        ),
        (
            "SELECT * FROM devices\nWHERE tags.location.region = 'US'",
            "Twin",
            named("myDeviceId", "paused"),
        ),
        (
            "SELECT * FROM devices\n  WHERE tags.location.region = 'US'\n"
            "    AND properties.reported.telemetryConfig.sendFrequencyInSecs >= 60",
            "Twin",
            named("myDeviceId"),
        ),
        (
            "SELECT * FROM devices\n  WHERE properties.reported.connectivity IN ['wired', 'wifi']",
            "Twin",
            named("myDeviceId", "remote"),
        ),
        (
            "SELECT * FROM devices\n  WHERE is_defined(properties.reported.connectivity)",
            "Twin",
            named("myDeviceId", "paused", "remote"),
        ),
        (
            "SELECT properties.reported.telemetryConfig.status AS status,\n"
            "    COUNT() AS numberOfDevices\n  FROM devices\n"
            "  GROUP BY properties.reported.telemetryConfig.status",
            "Raw",
            [
                {"numberOfDevices": 1},
                {"status": "Pending", "numberOfDevices": 1},
                {"status": "Success", "numberOfDevices": 2},
            ],
        ),
        (
            "SELECT DeviceId, LastActivityTime FROM devices"
            " WHERE status = 'enabled' AND connectionState = 'Disconnected'",
            "Raw",
            [
                {"deviceId": name, "lastActivityTime": "2021-05-07T00:50:38.0543092Z"}
                for name in ("gateway", "myDeviceId")
            ],
        ),
        ("SELECT * FROM devices.modules", "Twin", MODULES),
        (
            "SELECT * FROM devices.modules WHERE properties.reported.status = 'scanning'",
            "Twin",
            [MODULES[1], MODULES[3]],
        ),
        (
            "SELECT * FROM devices.modules\n"
            "  WHERE properties.reported.status = 'scanning'\n"
            "  AND deviceId IN ['device1', 'device2']",
            "Twin",
            [MODULES[1]],
        ),
        # "Queries for IoT Hub jobs", Microsoft Learn
        (
            "SELECT * FROM devices.jobs\n  WHERE devices.jobs.deviceId = 'myDeviceId'",
            "DeviceJob",
            JOBS[:3],
        ),
        (
            "SELECT * FROM devices.jobs\n  WHERE devices.jobs.deviceId = 'myDeviceId'\n"
            "    AND devices.jobs.jobType = 'scheduleUpdateTwin'\n"
            "    AND devices.jobs.status = 'completed'\n"
            "    AND devices.jobs.createdTimeUtc > '2016-09-01'",
            "DeviceJob",
            [JOBS[2]],
        ),
        (
            "SELECT * FROM devices.jobs\n  WHERE devices.jobs.jobId = 'myJobId'",
            "DeviceJob",
            JOBS[2:],
        ),
        # az: `iot hub device-twin list`, `iot hub query`, `iot hub device-identity children list`
        (
            "select * from devices where capabilities.iotEdge = true",
            "Twin",
            named("gateway"),
        ),
        (
            "select * from devices where deviceId in ['remote','paused']",
            "Twin",
            named("paused", "remote"),
        ),
        (
            "select * from devices.modules where devices.deviceId='device3'",
            "Twin",
            MODULES[2:],
        ),
        (
            f"select deviceId from devices where array_contains(parentScopes, '{EDGE_SCOPE}')",
            "Raw",
            [{"deviceId": "myDeviceId"}],
        ),
        (
            "SELECT deviceId, deviceScope FROM devices",
            "Raw",
            [
                {"deviceId": "gateway", "deviceScope": EDGE_SCOPE},
                {"deviceId": "myDeviceId", "deviceScope": EDGE_SCOPE},
                {"deviceId": "paused"},
                {"deviceId": "remote"},
            ],
        ),
        # az: the system metrics of an edge deployment
        *(
            (
                "select deviceId from devices.modules where moduleId = '$edgeAgent'"
                f" and configurations.[[c12]].status = 'Applied'{more}",
                "Raw",
                [{"deviceId": name} for name in devices],
            )
            for version in [
                " and properties.desired.$version = properties.reported.lastDesiredVersion"
            ]
            for more, devices in [
                ("", ("device1", "device3")),
                (f"{version} and properties.reported.lastDesiredStatus.code = 200", ["device1"]),
                (f"{version} and properties.reported.lastDesiredStatus.code != 200", ["device3"]),
            ]
        ),
        # Azure/Industrial-IoT: the sites, and the servers, of its registry
        (
            "SELECT tags.environment, COUNT() FROM devices"
            " WHERE tags.location.region = 'US' GROUP BY tags.environment",
            "Raw",
            [{"environment": "prod", "$1": 1}, {"environment": "test", "$1": 1}],
        ),
        (
            "SELECT tags.environment, tags.building, COUNT() FROM devices"
            " GROUP BY tags.environment, tags.building",
            "Raw",
            [
                {"$1": 1},
                {"environment": "prod", "$1": 1},
                {"environment": "prod", "building": 9, "$1": 1},
                {"environment": "test", "building": 9, "$1": 1},
            ],
        ),
        # Azure IoT Explorer: the search of a device
        (
            "SELECT deviceId as DeviceId,\n    status as Status\n"
            "    FROM devices WHERE STARTSWITH(devices.deviceId, 'my')",
            "Raw",
            [{"DeviceId": "myDeviceId", "Status": "enabled"}],
        ),
    ],
)
def test_queries(text, kind, rows):
    query = parse(text)
    assert query.kind == kind
    assert rows_of(query) == rows


@pytest.mark.parametrize(
    ("text", "source", "rows"),
    [
        # az: `iot hub configuration create`, `iot edge deployment create`
        ("select *", "devices", DEVICES),
        ("select *", "devices.modules", MODULES),
        (
            "SELECT deviceId from devices where tags.location.region='EU'",
            "devices.modules",
            [{"deviceId": "remote"}],
        ),
        (
            "select moduleId from devices.modules where properties.reported.status='scanning'",
            "devices",
            [{"moduleId": "scanner"}] * 2,
        ),
        # "Automatic IoT device management at scale using the Azure portal", Microsoft Learn
        (
            "SELECT deviceId FROM devices \n"
            "  WHERE properties.reported.chillerWaterSettings.status='pending'",
            "devices",
            [{"deviceId": "remote"}],
        ),
        (
            "/* Include the double brackets. */\nSELECT deviceId FROM devices \n"
            "  WHERE configurations.[[yourconfigname]].status='Applied'",
            "devices",
            [{"deviceId": "remote"}],
        ),
    ],
)
def test_custom_metrics(text, source, rows):
    assert rows_of(parse_metric(text, source)) == rows


@pytest.mark.parametrize(
    ("text", "twins"),
    [
        # "Automatic IoT device management at scale using the Azure portal", Microsoft Learn
        ("tags.environment='test'", ("paused",)),
        ("properties.reported.chillerProperties.model='4000x'", ("remote",)),
        ("*", ("gateway", "myDeviceId", "paused", "remote")),
        # az: `iot hub configuration create`, `iot edge deployment create`
        ("tags.building=9 and tags.environment='test'", ("paused",)),
        ("tags.building=9", ("myDeviceId", "paused")),
        ("from devices.modules where tags.building=9", ("scanner",)),
        # VS Code's Azure IoT Edge: "Create Deployment at Scale"
        ("deviceId='remote'", ("remote",)),
        ("tags.environment = 'prod' AND tags.location.region = 'EU'", ("remote",)),
        ("properties.reported.lastStatus='200'", ()),
    ],
)
def test_target_conditions(text, twins):
    parsed = condition(text)
    found = [twin for twin in DOCUMENTS[parsed.source] if matches(parsed, twin)]
    assert [twin.get("moduleId") or twin["deviceId"] for twin in found] == list(twins)
