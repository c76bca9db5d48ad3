"""Pages and continuation tokens."""

import base64
import json
from itertools import chain

import pytest

from edgeops.localhub.query import QueryError, after, parse
from edgeops.localhub.query import page as page_in_steps
from edgeops.localhub.steps import finish

ALL = parse("SELECT * FROM devices")


def page(query, stored, size, token=None):
    rows, following = finish(page_in_steps(query, stored, size, token))
    return [json.loads(row) for row in rows], following


def twins(count):
    return [{"deviceId": f"d{number:03}", "tags": {"n": number}} for number in range(count)]


def pages(query, stored, size):
    token, pages_read = None, []
    while True:
        items, token = page(query, stored, size, token)
        pages_read.append(items)
        if token is None:
            return pages_read


def all_of(query, stored, size):
    return list(chain.from_iterable(pages(query, stored, size)))


def test_every_twin_once_and_no_empty_last_page():
    stored = twins(10)
    assert [len(items) for items in pages(ALL, stored, 5)] == [5, 5]
    assert all_of(ALL, stored, 3) == stored
    assert pages(ALL, [], 3) == [[]]


def test_pages_hold_what_passes_and_what_is_selected():
    query = parse("SELECT tags.n FROM devices WHERE tags.n % 2 = 1")
    assert pages(query, twins(8), 3) == [[{"n": 1}, {"n": 3}, {"n": 5}], [{"n": 7}]]


def test_top_holds_over_pages():
    query = parse("SELECT TOP 5 * FROM devices")
    assert [len(items) for items in pages(query, twins(10), 2)] == [2, 2, 1]
    assert [len(items) for items in pages(query, twins(10), 5)] == [5]


def test_count_is_one_page():
    assert pages(parse("SELECT COUNT() AS n FROM devices"), twins(10), 2) == [[{"n": 10}]]


def test_groups_have_pages():
    query = parse("SELECT tags.n AS n, COUNT() AS twins FROM devices GROUP BY tags.n")
    stored = [*twins(7), *twins(3)]
    rows = [{"n": n, "twins": 2 if n < 3 else 1} for n in range(7)]
    for size in (1, 3, 7, 10):
        assert all_of(query, stored, size) == rows
    top = parse("SELECT TOP 5 tags.n AS n, COUNT() AS twins FROM devices GROUP BY tags.n")
    assert pages(top, stored, 3) == [rows[:3], rows[3:5]]


def test_a_page_of_groups_needs_all_twins():
    query = parse("SELECT tags.n FROM devices GROUP BY tags.n")
    _, token = page(query, twins(3), 1)
    assert after(query, token) is None
    with pytest.raises(QueryError, match="not one of this query"):
        after(query, "forged")


def test_groups_made_and_gone_between_pages_shift_nothing():
    query = parse("SELECT tags.n FROM devices GROUP BY tags.n")
    _, token = page(query, twins(6), 3)
    rows, _ = page(query, twins(9)[3:], 9, token)
    assert rows == [{"n": n} for n in range(3, 9)]


def test_long_values_are_groups_with_short_tokens():
    stored = [{"deviceId": f"d{n}", "tags": {"n": "é" * 2000 + str(n % 5)}} for n in range(50)]
    query = parse("SELECT tags.n, COUNT() AS twins FROM devices GROUP BY tags.n")
    _, token = page(query, stored, 1)
    assert len(token) < 2000
    rows = all_of(query, stored, 1)
    assert {row["n"][-1] for row in rows} == set("01234")
    assert [row["twins"] for row in rows] == [10] * 5


def test_jobs_are_ordered_by_device_module_and_job():
    jobs = [
        {"deviceId": "a", "jobId": "j1"},
        {"deviceId": "a", "jobId": "j2"},
        {"deviceId": "a", "moduleId": "m", "jobId": "j1"},
        {"deviceId": "b", "jobId": "j1"},
    ]
    query = parse("SELECT * FROM devices.jobs")
    assert all_of(query, jobs, 1) == jobs
    _, token = page(query, jobs, 2)
    assert after(query, token) == ("a", "", "j2")


def test_modules_are_ordered_below_their_device():
    stored = [
        {"deviceId": "a", "moduleId": "x"},
        {"deviceId": "a", "moduleId": "y"},
        {"deviceId": "b", "moduleId": "x"},
    ]
    assert all_of(parse("SELECT * FROM devices.modules"), stored, 1) == stored


def test_twins_made_and_deleted_between_pages_shift_nothing():
    stored = twins(6)
    first, token = page(ALL, stored, 2)
    changed = [{"deviceId": "a-new"}, *stored[2:3], *stored[4:]]
    second, _ = page(ALL, changed, 9, token)
    assert [twin["deviceId"] for twin in first + second] == ["d000", "d001", "d002", "d004", "d005"]


def test_a_token_tells_a_store_where_to_go_on():
    stored = twins(6)
    _, token = page(ALL, stored, 2)
    assert after(ALL, None) is None
    assert after(ALL, token) == ("d001", "")
    assert page(ALL, stored[2:], 2, token) == page(ALL, stored, 2, token)


def forged(*content):
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


_, of_all = page(ALL, twins(3), 2)
OF_ALL, *_ = json.loads(base64.urlsafe_b64decode(of_all))


@pytest.mark.parametrize(
    "token",
    [
        *("x", "!!!", "päge", "AAAA", forged(), forged("digest", "d", "", 1), forged(*"[" * 9)),
        *(forged(OF_ALL, "d", "", count) for count in (-5, 0, True, 1.5, None, 10**18, 10**30)),
        *(forged(OF_ALL, *key, 1) for key in (("\ud800", ""), ("d", "\udfff"), (1, ""), ("d",))),
    ],
)
def test_bad_tokens_are_refused(token):
    with pytest.raises(QueryError, match="the continuation token is not one of this query"):
        page(ALL, twins(3), 2, token)


def test_a_token_is_of_one_query():
    _, token = page(ALL, twins(3), 2)
    with pytest.raises(QueryError, match="not one of this query"):
        page(parse("SELECT * FROM devices "), twins(3), 2, token)


def test_a_page_of_large_twins_ends_early():
    stored = [twin | {"properties": "x" * 900_000} for twin in twins(10)]
    assert [len(items) for items in pages(ALL, stored, 100)] == [4, 4, 2]
    assert all_of(ALL, stored, 100) == stored
    top = parse("SELECT TOP 5 * FROM devices")
    assert [len(items) for items in pages(top, stored, 100)] == [4, 1]


def test_a_twin_larger_than_a_page_is_a_page():
    stored = [twin | {"properties": "x" * 5_000_000} for twin in twins(2)]
    assert [len(items) for items in pages(ALL, stored, 100)] == [1, 1]


def test_a_row_that_repeats_large_properties_is_refused():
    columns = ", ".join(f"properties AS p{number}" for number in range(100))
    with pytest.raises(QueryError, match="a row is larger than 4,194,304 bytes"):
        page(
            parse(f"SELECT {columns} FROM devices"),
            [{"deviceId": "d", "properties": "x" * 50_000}],
            100,
        )


def test_steps_without_a_twin_change_nothing():
    stored = twins(3)
    with_pauses = [None, stored[0], None, None, *stored[1:], None]
    assert page(ALL, with_pauses, 2) == page(ALL, stored, 2)
    assert page(parse("SELECT COUNT() FROM devices"), with_pauses, 2) == ([{"$1": 3}], None)
