"""Somebody who visits the page of a local hub, without a browser."""

from __future__ import annotations

import http.client
import json
import ssl
from contextlib import closing
from typing import Any

from edgeops.localhub.client import client


class Visitor:
    """A browser in a few lines, with a cookie once it has followed a link."""

    def __init__(self, hub: Any) -> None:
        self.hub = hub
        self.origin = f"https://localhost:{hub.port}"
        self.cookie = ""

    def connect(self) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cafile=self.hub.ca_file)
        return http.client.HTTPSConnection("localhost", self.hub.port, context=context, timeout=20)

    def send(
        self, method: str, path: str, body: Any = None, *, origin: str | None = "", **headers: str
    ) -> Any:
        """The response with its body in `text`; a write comes from the page unless it says not."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            sent["Cookie"] = self.cookie
        if method != "GET" and origin is not None:
            sent["Origin"] = origin or self.origin
        with closing(self.connect()) as connection:
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            response: Any = connection.getresponse()
            response.text = response.read().decode()
            return response

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer, which is no refusal."""
        response = self.send(method, path, body)
        assert response.status == 200, response.text
        return json.loads(response.text)

    def enter(self, path: str) -> Any:
        """Follow a link to the page; gives the response."""
        response = self.send("GET", path)
        self.cookie = (response.headers["Set-Cookie"] or "").partition(";")[0]
        return response


def new_link(hub: Any) -> str:
    """A new link to the page, without the host."""
    url = client(hub.state_dir, "iothubowner", seconds=10)("POST", "/page/links", None)["url"]
    assert url.startswith(f"https://localhost:{hub.port}/page/login?link=")
    return str(url).partition(str(hub.port))[2]


def entered(hub: Any) -> Visitor:
    """A visitor with a session."""
    visitor = Visitor(hub)
    visitor.enter(new_link(hub))
    return visitor
