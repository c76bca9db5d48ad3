"""Every view of the hub's page, as somebody sees and uses it."""

from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest

from edgeops.localhub.service import registry, twins

AGENT = {
    "lastDesiredVersion": 1,
    "lastDesiredStatus": {"code": 200},
    "modules": {"camera": {"runtimeStatus": "backoff", "restartCount": 7}},
}
VIEWS = (
    "#/devices",
    "#/devices/edge",
    "#/devices/edge/camera",
    "#/devices/edge/$edgeAgent",
    "#/events",
    "#/conditions",
    "#/connect",
)


def an_edge_device(page):
    """Device `edge` with a module that does not report all that is desired."""
    page.create("edge", edge=True)
    page.create("plain")
    page.hub.report("edge", "$edgeAgent", **AGENT)
    with page.hub._second_handle() as hub:
        registry.put_module(hub, "edge", "camera", {"deviceId": "edge", "moduleId": "camera"}, None)
        desired = {"rate": 5, "lamp": {"on": True, "colour": "red"}, "long": "x" * 1000}
        patch = {"tags": {"site": "north"}, "properties": {"desired": desired}}
        twins.patch_twin(hub, "edge", "camera", patch, None)
    page.hub.report("edge", "camera", rate=9, lamp={"on": True}, seen=[1, False])


def test_a_link_leads_in_once(strangers_tab, local_hub, link):
    origin = f"https://localhost:{local_hub.port}/"
    tab = strangers_tab()
    tab.goto(origin)
    assert "edgeops hub open" in tab.inner_text("main")
    tab.goto(link)
    tab.wait_for_selector("text=There are no devices yet")
    assert tab.url == origin
    assert tab.evaluate("document.cookie") == ""
    tab.reload()
    tab.wait_for_selector("text=There are no devices yet")
    other = strangers_tab()
    other.goto(link)
    assert "edgeops hub open" in other.inner_text("main")


def test_devices(page):
    an_edge_device(page)
    page.go("#/devices")
    page.tab.wait_for_selector("text=2 devices · 0 connected · 1 needs attention")
    assert page.text("tr:has-text('edge') .reports").split() == ["failing", "camera", "backoff"]
    page.hub.set_connected("plain")
    page.call("PATCH", "/twins/plain", {"tags": {"a": 1}})  # the other handle wakes nobody
    page.tab.wait_for_selector("text=2 devices · 1 connected")
    assert page.text("tr:has-text('plain') .connected") == "connected"
    page.tab.select_option("select", "connected")
    assert page.tab.locator("tbody tr").count() == 1
    page.tab.select_option("select", "trouble")
    assert page.text("tbody .id a") == "edge"
    page.tab.select_option("select", "all")
    page.tab.fill("#search", "PLA")
    assert page.tab.locator("tbody tr").count() == 1
    page.tab.fill("#search", "")
    page.call("PUT", "/devices/new", {"deviceId": "new"})
    page.tab.wait_for_selector("tbody >> text=new")


def test_a_thousand_devices_stay_smooth(page):
    page.create(*(f"sensor-{number:04}" for number in range(1000)))
    begun = time.perf_counter()
    page.go("#/devices")
    page.tab.wait_for_selector("text=1,000 devices · 0 connected")
    loaded = time.perf_counter() - begun
    rows = page.tab.locator("tbody tr")
    assert rows.count() <= 200
    took = page.tab.evaluate(
        """() => {
          const search = document.getElementById("search");
          const begun = performance.now();
          for (const text of ["9", "98", "987", "", "sensor-0987"]) {
            search.value = text;
            search.dispatchEvent(new Event("input"));
            document.body.offsetHeight;
          }
          return performance.now() - begun;
        }"""
    )
    assert rows.count() == 1
    assert page.text("tbody .id a") == "sensor-0987"
    page.tab.fill("#search", "")
    while rows.count() < 1000:
        before = rows.count()
        page.tab.mouse.wheel(0, 100_000)
        rows.nth(before).wait_for(state="attached")
    assert loaded < 5
    assert took < 1000


def test_one_device(page):
    an_edge_device(page)
    page.go("#/devices/edge")
    page.tab.click("nav >> text=camera")
    page.tab.wait_for_selector("h2:has-text('camera')")
    rows = {
        row.inner_text().split("\t")[0].strip(): row.inner_text().split("\t")[1:3]
        for row in page.tab.locator("table.twin >> nth=0 >> tbody tr").all()
    }
    assert rows["rate"] == ["5", "9"]
    assert rows["on"] == ["true", "true"]
    assert rows["seen"] == ["–", "[1,false]"]
    assert rows["long"][0].endswith("all 1,000 characters")
    assert "1 value differs from what is reported" in page.text("main")
    assert page.tab.locator("tr.differs").count() == 1
    page.tab.check("text=Only these")
    assert page.tab.locator("table.twin >> nth=0 >> tbody tr").count() == 1
    assert "version 2" in page.text("dl.details")
    assert "git" not in page.text("main").lower()  # this hub runs in no fleet
    page.hub.report("edge", "camera", rate=5)
    page.call("PATCH", "/twins/edge", {"tags": {"a": 1}})  # the other handle wakes nobody
    page.tab.wait_for_selector("text=No desired value differs")


def test_a_device_that_is_not_there(page):
    page.go("#/devices/nobody")
    page.tab.wait_for_selector("text=Device nobody not registered")


def test_a_method_and_a_connection_string(page):
    an_edge_device(page)
    page.go("#/devices/edge/camera")
    page.tab.click("text=Call a direct method")
    page.tab.fill("label:has-text('Method') input", "reboot")
    page.tab.fill("textarea", "{not json")
    page.tab.click("button:text-is('Call')")
    page.tab.wait_for_selector("text=The payload is not JSON.")
    page.tab.fill("textarea", '{"now": true}')
    page.tab.click("button:text-is('Call')")
    page.tab.wait_for_selector("text=Timed out waiting for device to connect.")
    page.tab.click("text=Connect as camera")
    assert page.tab.locator("text=SharedAccessKey").count() == 0
    page.tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.tab.click("text=Show the connection string")
    page.tab.click("button[aria-label='Copy Connection string']")
    page.tab.wait_for_selector("text=Connection string copied")
    copied = page.tab.evaluate("navigator.clipboard.readText()")
    assert copied == page.hub.device_connection_string("edge", "camera")
    for sdk in ("IoTHubModuleClient", "azure-iot-device-mqtt", "Mqtt_Tcp_Only"):
        assert sdk in page.text(".strings")


def test_a_message_waits_in_the_queue_of_the_device(page):
    page.create("a")
    page.go("#/devices/a")
    page.tab.click("text=Send a message")
    page.tab.fill("label:has-text('Text') textarea", "lights off")
    page.tab.click("button:text-is('Send')")
    page.tab.wait_for_selector("text=is in the queue of a; 1 of its messages wait")
    assert page.call("GET", "/twins/a")["cloudToDeviceMessageCount"] == 1


def test_events(page):
    page.create("a", "b")
    page.go("#/events")
    page.call("PATCH", "/twins/a", {"tags": {"site": "north"}})
    page.tab.wait_for_selector('text={"tags":{"site":"north"}}')
    rows = page.tab.locator("ol.events li")
    assert rows.count() == 3
    page.tab.fill("#search", "b")
    assert rows.count() == 1
    page.tab.fill("#search", "")
    page.tab.uncheck("text=lifecycle")
    assert rows.count() == 1
    page.tab.click("text=Details")
    assert '"opType": "updateTwin"' in page.text("ol.events pre")
    page.tab.click("text=Pause")
    page.call("PATCH", "/twins/b", {"tags": {"site": "south"}})
    page.tab.wait_for_selector("text=Paused; 1 new event")
    assert rows.count() == 1
    page.tab.click("text=Continue")
    assert rows.count() == 2
    page.go("#/events?device=a")
    assert rows.count() == 1


def test_bad_days(page):
    page.go("#/conditions")
    page.tab.wait_for_selector("text=good day")
    page.tab.select_option("label:has-text('SKU') select", "S1")
    page.tab.fill("label:has-text('Latency') input", "0.01")
    page.tab.click("text=Add a fault")
    page.tab.select_option("select[aria-label='Operation']", "query")
    page.tab.select_option("select[aria-label='What happens to it']", "slow")
    page.tab.fill("input[aria-label='Seconds or status']", "2.5")
    page.tab.fill("input[aria-label^='Percent']", "5")
    page.tab.click("text=Apply")
    page.tab.wait_for_selector("text=bad day")
    now = page.call("GET", "/conditions")
    assert (now["sku"], now["latency"], now["faults"]) == ("S1", 0.01, ["query=slow:2.5@5%"])
    page.tab.reload()
    page.tab.wait_for_selector("text=bad day")
    assert page.tab.input_value("input[aria-label='Seconds or status']") == "2.5"
    page.tab.click("text=End all")
    page.tab.wait_for_selector("text=good day")
    assert page.call("GET", "/conditions")["faults"] == []


def test_how_services_connect(page):
    page.go("#/connect")
    page.tab.select_option("label:has-text('Policy') select", "iothubowner")
    page.tab.click("text=Show the connection string")
    page.tab.wait_for_selector(f"code:has-text('{page.hub.connection_string}')")
    assert str(page.hub.ca_file) in page.text("dl.details")


def test_the_keyboard_alone(page):
    """From the list to a device, its module and its method, and back, without a mouse."""
    an_edge_device(page)
    page.go("#/devices")
    page.tab.wait_for_selector("text=2 devices")
    keys = page.tab.keyboard
    focused = "document.activeElement.textContent.trim()"

    def tab_to(text):
        for _ in range(40):
            keys.press("Tab")
            if page.tab.evaluate(focused) == text:
                outline = page.tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none"
                return
        pytest.fail(f"Tab does not come to {text}")

    keys.press("Tab")
    assert page.tab.evaluate(focused) == "Skip to the content"
    keys.press("/")
    keys.type("edge")
    tab_to("edge")
    keys.press("Enter")
    page.tab.wait_for_selector("text=Its events")
    page.tab.wait_for_selector("h1:focus")
    page.tab.wait_for_selector("nav >> text=camera")
    tab_to("camerabackoff")
    keys.press("Enter")
    page.tab.wait_for_selector("h2:has-text('camera')")
    tab_to("Call a direct method")
    keys.press("Enter")
    keys.press("Tab")
    keys.type("reboot")
    keys.press("Enter")
    page.tab.wait_for_selector("text=Timed out waiting")
    page.tab.go_back()
    page.tab.go_back()
    page.tab.wait_for_selector("table.devices")


HOSTILE = "<img src=x onerror=window.hacked=1>\u202e<script>window.hacked=1</script>"


def test_what_a_hostile_device_says_is_only_text(page):
    name = "x';window.hacked=1;'%3Cimg(#?=$)"
    page.create(name, edge=True)
    page.hub.report(
        name,
        "$edgeAgent",
        **{
            "lastDesiredStatus": {"code": HOSTILE, "description": HOSTILE},
            "__proto__": {"polluted": HOSTILE},
            "constructor": HOSTILE,
            "<b>key</b>": [HOSTILE, {"deep": HOSTILE}],
            "modules": {"m": {"runtimeStatus": HOSTILE}, "toString": 5},
        },
    )
    page.call("PATCH", f"/twins/{quote(name, safe='')}", {"tags": {"t": HOSTILE}})
    page.go("#/devices")
    page.tab.click(f"text={name}")
    page.tab.wait_for_selector("text=Its events")
    page.tab.click("nav >> text=$edgeAgent")
    page.tab.wait_for_selector("th:has-text('<b>key</b>')")
    assert HOSTILE in page.text("main")
    page.tab.click("text=Its events")
    page.tab.wait_for_selector("ol.events li")
    page.tab.click("text=Details >> nth=0")
    page.tab.wait_for_selector("ol.events pre")
    seen = page.tab.evaluate(
        "[window.hacked, ({}).polluted, document.querySelectorAll('main img, main script').length]"
    )
    assert seen == [None, None, 0]


def test_objects_where_texts_are_expected_are_shown_as_json(page):
    odd = {"toString": 1, "valueOf": 1}
    page.create("odd", edge=True)
    page.call("PUT", "/devices/odd/modules/m", {"deviceId": "odd", "moduleId": "m"})
    page.hub.report(
        "odd",
        "$edgeAgent",
        lastDesiredStatus={"code": odd, "description": odd},
        modules={"m": {"settings": {"image": odd}, "runtimeStatus": odd}},
    )
    page.go("#/devices/odd/m")
    page.tab.wait_for_selector("dt:has-text('Image')")
    assert page.text("main").count(json.dumps(odd, separators=(",", ":"))) == 3
    assert page.tab.query_selector("p.problem:not(:empty)") is None
    page.go("#/toString")  # no view of that name
    page.tab.wait_for_selector("table.devices")


def test_markup_cannot_be_made_at_all(page, errors):
    """Trusted Types: even code of the page that tried it would fail."""
    page.go("#/devices")
    made = page.tab.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return true } catch { return false } }"
    )
    assert made is False
    assert "TrustedHTML" in errors.pop()


def test_nothing_keeps_people_out(page, axe):
    """As far as axe-core sees; colours are looked at in light and dark."""
    an_edge_device(page)
    page.go("#/devices")
    page.tab.evaluate(axe)
    for view in VIEWS:
        page.go(view)
        page.loaded()
        page.tab.locator("details").evaluate_all("all => all.forEach((it) => { it.open = true; })")
        for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
            page.tab.emulate_media(color_scheme=scheme)
            found = page.tab.evaluate(
                "(rules) => axe.run(document, {resultTypes: ['violations'], ...rules})"
                ".then((result) => result.violations)",
                rules,
            )
            serious = [
                (violation["id"], [node["html"] for node in violation["nodes"]])
                for violation in found
                if violation["impact"] in ("serious", "critical")
            ]
            assert serious == [], (view, scheme)


def test_a_phone_needs_no_scrolling_aside(page):
    page.tab.set_viewport_size({"width": 360, "height": 740})
    an_edge_device(page)
    page.create("a-device-with-a-name-that-is-" + "very-" * 18 + "long")
    page.call("PUT", "/conditions", {"faults": ["connect=slow:2.5@50%"]})
    for view in VIEWS:
        page.go(view)
        page.tab.wait_for_selector("h1")
        page.loaded()
        assert page.tab.evaluate("document.documentElement.scrollWidth") <= 360, view
