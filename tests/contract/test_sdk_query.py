"""Queries, through the real azure-iot-hub SDK."""

from __future__ import annotations

import pytest

models = pytest.importorskip("azure.iot.hub.models")


@pytest.fixture
def fleet(registry):
    result = registry.bulk_create_or_update_devices(
        [
            models.ExportImportDevice(
                id=f"d{n:02}", import_mode="create", status="enabled", tags={"even": n % 2 == 0}
            )
            for n in range(25)
        ]
    )
    assert result.is_successful
    return registry


def ask(registry, text, **options):
    return registry.query_iot_hub(models.QuerySpecification(query=text), **options)


def test_twins_are_found_by_their_tags(fleet):
    result = ask(fleet, "SELECT * FROM devices WHERE tags.even = true AND deviceId < 'd05'")

    assert result.type == "Twin"
    assert [twin.device_id for twin in result.items] == ["d00", "d02", "d04"]
    assert result.items[0].as_dict() == fleet.get_twin("d00").as_dict()
    assert result.continuation_token is None


def test_pages_follow_one_another(fleet):
    text, names, token = "SELECT * FROM devices WHERE tags.even = false", [], None
    while True:
        page = ask(fleet, text, continuation_token=token, max_item_count=5)
        assert len(page.items) <= 5
        names += [twin.device_id for twin in page.items]
        token = page.continuation_token
        if token is None:
            break

    assert names == [f"d{n:02}" for n in range(1, 25, 2)]


def test_a_page_has_at_most_a_hundred_rows(fleet):
    for start in (100, 200):
        fleet.bulk_create_or_update_devices(
            [
                models.ExportImportDevice(
                    id=f"e{start + n}", import_mode="create", status="enabled"
                )
                for n in range(60)
            ]
        )
    page = ask(fleet, "SELECT * FROM devices", max_item_count=1000)

    assert len(page.items) == 100
    assert (
        len(ask(fleet, "SELECT * FROM devices", continuation_token=page.continuation_token).items)
        == 45
    )


def test_projections_and_counts_are_raw(fleet):
    rows = ask(fleet, "SELECT deviceId, tags.even AS even FROM devices WHERE deviceId = 'd01'")
    assert rows.type == "Raw"
    assert rows.items[0].device_id == "d01"
    assert rows.items[0].additional_properties == {"even": False}

    counted = ask(fleet, "SELECT COUNT() AS total FROM devices WHERE is_defined(tags.even)")
    assert counted.items[0].additional_properties == {"total": 25}


def raw_rows(registry, text, **options):
    """The rows of all pages of a query as the hub sends them, and the number of pages."""
    rows, pages, token = [], 0, None
    while token or not pages:
        response = registry.protocol.query.get_twins(
            models.QuerySpecification(query=text), x_ms_continuation=token, raw=True, **options
        ).response
        assert response.headers["x-ms-item-type"] == "Raw"
        rows += response.json()
        pages += 1
        token = response.headers.get("x-ms-continuation")
    return rows, pages


def test_twins_are_grouped(fleet):
    fleet.create_device_with_sas("untagged", None, None, "disabled")

    text = "SELECT tags.even AS even, COUNT() AS devices FROM devices GROUP BY tags.even"
    expected = [{"devices": 1}, {"even": False, "devices": 12}, {"even": True, "devices": 13}]
    assert raw_rows(fleet, text) == (expected, 1)
    assert raw_rows(fleet, text, x_ms_max_item_count="1") == (expected, 3)

    sdk_rows = ask(fleet, "SELECT status, COUNT() FROM devices GROUP BY status").items
    assert [(row.status, row.additional_properties) for row in sdk_rows] == [
        ("disabled", {"$1": 1}),
        ("enabled", {"$1": 25}),
    ]


def test_all_groups_come_page_by_page(fleet):
    text = "SELECT deviceId, COUNT() AS n FROM devices GROUP BY deviceId"
    rows, pages = raw_rows(fleet, text, x_ms_max_item_count="10")
    assert pages == 3
    assert rows == [{"deviceId": f"d{n:02}", "n": 1} for n in range(25)]


def test_twins_are_aggregated(fleet):
    for n in range(4):
        fleet.update_twin(f"d{n:02}", models.Twin(tags={"score": n * 1.5}))
    fleet.update_twin("d04", models.Twin(tags={"score": "unknown"}))

    text = (
        "SELECT SUM(tags.score) AS sum, AVG(tags.score) AS avg, MIN(tags.score) AS min,"
        " COUNT() AS n FROM devices WHERE is_defined(tags.score)"
    )
    assert raw_rows(fleet, text)[0] == [{"sum": 9, "avg": 2.25, "min": 0, "n": 5}]


def test_jobs_can_be_queried(registry):
    result = ask(registry, "SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'j'")
    assert (result.type, result.items) == ("DeviceJob", [])


def test_modules_are_queried_with_the_systems(fleet):
    fleet.create_device_with_sas("gw", None, None, "enabled", iot_edge=True)
    fleet.create_module_with_sas("d03", "m1", "", None, None)
    fleet.update_module_twin("d03", "m1", models.Twin(tags={"mine": True}))

    everything = ask(fleet, "SELECT * FROM devices.modules")
    assert [(twin.device_id, twin.module_id) for twin in everything.items] == [
        ("d03", "m1"),
        ("gw", "$edgeAgent"),
        ("gw", "$edgeHub"),
    ]
    mine = ask(fleet, "SELECT moduleId FROM devices.modules WHERE tags.mine = true")
    assert [row.module_id for row in mine.items] == ["m1"]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("SELECT * FROM", {}),
        ("DROP TABLE entries", {}),
        ("SELECT * FROM devices", {"continuation_token": "forged"}),
        ("SELECT * FROM devices", {"max_item_count": "many"}),
        ("SELECT * FROM devices", {"max_item_count": 0}),
        ("SELECT lower(deviceId) FROM devices", {}),
        ("SELECT jobId FROM devices.jobs", {}),
        ("SELECT * FROM devices GROUP BY tags.even", {}),
        (None, {}),
    ],
)
def test_bad_queries_are_refused(registry, refused, text, options):
    with refused(400, "ArgumentInvalid"):
        ask(registry, text, **options)
