"""The page of the local hub in a real browser, where Debian's chromium is installed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edgeops.localhub.client import client

AXE = Path(__file__).parents[2] / ".axe/node_modules/axe-core/axe.min.js"
_SECONDS = 10


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, for the tests of one module: asyncio cannot run beside it."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium: `make tools` installs it, as root on Debian")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(frozen=True)
class HubOnScreen:
    """The page of a hub in a tab, and the hub."""

    tab: Any
    hub: Any
    origin: str

    def go(self, view: str) -> None:
        """Show a view, such as `#/devices`."""
        self.tab.goto(f"{self.origin}/{view}")

    def loaded(self) -> None:
        """Wait until the view has what it asked the hub for."""
        self.tab.wait_for_selector("main[aria-busy=false]")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What a service does."""
        return client(self.hub.state_dir, "iothubowner", seconds=10)(method, path, body)

    def create(self, *names: str, edge: bool = False) -> None:
        """Create devices, many at once."""
        from edgeops.localhub.service import registry

        with self.hub._second_handle() as hub, hub.transaction() as transaction:
            for name in names:
                body = {"deviceId": name, "capabilities": {"iotEdge": edge}}
                registry.create_device(transaction, name, body)

    def text(self, selector: str) -> str:
        return str(self.tab.inner_text(selector))


def new_link(hub: Any) -> str:
    """A link to the page of a hub."""
    return str(client(hub.state_dir, "iothubowner", seconds=10)("POST", "/page/links")["url"])


@pytest.fixture
def local_hub(emptied_hub: Any) -> Any:
    """One hub for all tests of a module, and one session of its page."""
    return emptied_hub


@pytest.fixture
def link(local_hub: Any) -> str:
    """A link to the page of the hub."""
    return new_link(local_hub)


@pytest.fixture(scope="module")
def _logged() -> list[str]:
    return []


@pytest.fixture
def errors(_logged: list[str]) -> Iterator[list[str]]:
    """The errors that the page logs: none, but for answers of the hub that are shown."""
    _logged.clear()
    yield _logged
    assert [error for error in _logged if "Failed to load resource" not in error] == []


def _tab(context: Any, errors: list[str]) -> Any:
    tab = context.new_page()
    tab.set_default_timeout(_SECONDS * 1000)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("dialog", lambda dialog: errors.append(dialog.message))
    tab.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    return tab


@pytest.fixture
def strangers_tab(chromium: Any, errors: list[str]) -> Iterator[Callable[[], Any]]:
    """Opens a tab of a browser in which nobody is logged in."""
    contexts = []

    def strangers_tab() -> Any:
        contexts.append(chromium.new_context(ignore_https_errors=True))
        return _tab(contexts[-1], errors)

    yield strangers_tab
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def _visitors_tab(chromium: Any, _hub_of_module: Any, _logged: list[str]) -> Iterator[Any]:
    context = chromium.new_context(ignore_https_errors=True)
    tab = _tab(context, _logged)
    tab.goto(new_link(_hub_of_module))
    yield tab
    context.close()


@pytest.fixture
def page(_visitors_tab: Any, local_hub: Any, errors: list[str]) -> HubOnScreen:
    """The page of the hub, not loaded yet, in a tab that has its session."""
    _visitors_tab.set_viewport_size({"width": 1280, "height": 720})
    _visitors_tab.goto("about:blank")
    errors.clear()  # of the page before, whose hub was emptied
    return HubOnScreen(_visitors_tab, local_hub, f"https://localhost:{local_hub.port}")


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that looks for what keeps people out."""
    if not AXE.exists():
        pytest.skip("there is no axe-core: `make tools` installs it")
    return AXE.read_text()
