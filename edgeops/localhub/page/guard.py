"""What keeps other sites away from the page: its headers, its cookie, and where requests come from.

Sources: "Content Security Policy Level 3" and "Trusted Types", W3C; RFC 6265bis,
"Cookies" (the prefix `__Host-`); "Fetch Metadata Request Headers", W3C.
"""

from __future__ import annotations

from aiohttp import web

from edgeops.localhub.page.logins import SECONDS_OF_A_SESSION
from edgeops.localhub.state.errors import HubFault

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def session_of(request: web.Request, port: int) -> str:
    """The session that the cookie of a request names, "" if none."""
    return request.cookies.get(_cookie(port), "")


def set_session(response: web.StreamResponse, session: str, port: int) -> None:
    """Let the browser remember a session for as long as it lasts."""
    response.set_cookie(
        _cookie(port),
        session,
        max_age=int(SECONDS_OF_A_SESSION),
        path="/",
        secure=True,
        httponly=True,
        samesite="Strict",
    )


def require_same_origin(request: web.Request, *, write: bool) -> None:
    """Refuse what another site asks for, even one on another port of this machine.

    Those are the same site for a browser, which sends them the cookie. A write must say
    where it comes from. Raises `HubFault` 403.
    """
    origin = request.headers.get("Origin")
    expected = f"https://{request.host}"
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if site != "same-origin" or (origin is None and write) or origin not in (None, expected):
        raise HubFault(403, "ForeignOrigin", "Only the page of this hub may ask for this.")


def came_from_elsewhere(request: web.Request) -> bool:
    """Whether another site led the browser here, which then holds back the cookie once."""
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


def _cookie(port: int) -> str:
    """The name of the cookie; browsers share cookies between the ports of a host."""
    return f"__Host-edgeops-hub-{port}"
