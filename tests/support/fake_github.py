"""A small GitHub on loopback: its REST API, as far as workflows of a fleet use it.

It keeps what it is told, so that tests can look at it. A token that may only
read gets GitHub's answer 403 for every write, as the token of a fork does.
Shapes and limits are those of GitHub's description of its REST API.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web
from github_state import BOT, REPOSITORY, GitHubState, Json

WRITER = "token-that-writes"
READER = "token-that-reads"


class FakeGitHub(GitHubState):
    """`requests` lists every call as `POST /issues/7/comments`."""

    def __init__(self) -> None:
        super().__init__()
        self.url = ""
        self.requests: list[str] = []
        self.refused: dict[str, int] = {}  # the status that a path is answered with
        self.elsewhere = ""  # where every answer says that its next page is
        self.images: dict[str, str] = {}  # images.txt of the releases, by owner and tag
        self.hiccups = 0  # so many of the next calls get a 502

    @property
    def writes(self) -> list[str]:
        """The calls that ask for a change, refused ones included."""
        return [request for request in self.requests if not request.startswith("GET ")]

    def routes(self) -> list[web.RouteDef]:
        repo = f"/repos/{REPOSITORY}"
        return [
            web.get("/{owner}/edgeops/releases/download/{tag}/images.txt", self._images),
            web.get(f"{repo}/pulls", self._list_pulls),
            web.post(f"{repo}/pulls", self._open_pull),
            web.get(f"{repo}/pulls/{{number}}", self._get_pull),
            web.patch(f"{repo}/pulls/{{number}}", self._edit_pull),
            web.get(f"{repo}/pulls/{{number}}/reviews", self._list_reviews),
            web.get(f"{repo}/pulls/{{number}}/commits", self._list_commits),
            web.get(f"{repo}/pulls/{{number}}/files", self._list_files),
            web.get(f"{repo}/commits/{{sha}}/pulls", self._pulls_of_commit),
            web.get(f"{repo}/activity", self._list_activity),
            web.get(f"{repo}/git/ref/heads/{{branch:.+}}", self._get_branch),
            web.get(f"{repo}/actions/artifacts", self._list_artifacts),
            web.get(f"{repo}/actions/runs/{{number}}", self._get_run),
            web.get(f"{repo}/actions/runs/{{number}}/attempts/{{attempt}}", self._get_run),
            web.get(f"{repo}/collaborators/{{login}}/permission", self._permission),
            web.get(f"{repo}/issues", self._list_issues),
            web.post(f"{repo}/issues", self._open_issue),
            web.patch(f"{repo}/issues/{{number}}", self._edit_issue),
            web.post(f"{repo}/issues/{{number}}/labels", self._add_labels),
            web.get(f"{repo}/issues/{{number}}/comments", self._list_comments),
            web.post(f"{repo}/issues/{{number}}/comments", self._add_comment),
            web.patch(f"{repo}/issues/comments/{{id}}", self._edit_comment),
            web.post(f"{repo}/actions/workflows/{{name}}/dispatches", self._dispatch),
        ]

    async def _images(self, request: web.Request) -> web.Response:
        image = self.images.get(f"{request.match_info['owner']} {request.match_info['tag']}")
        if image is None:
            raise web.HTTPNotFound
        return web.Response(text=image)

    async def _list_pulls(self, request: web.Request) -> web.Response:
        state, head = request.query.get("state", "open"), request.query.get("head")
        pulls = [
            pull
            for pull in self.pulls.values()
            if state in ("all", pull["state"]) and head in (None, pull["head"]["label"])
        ]
        return _page(request, pulls)

    async def _open_pull(self, request: web.Request) -> web.Response:
        asked = await request.json()
        head, base = asked["head"], asked["base"]
        taken = [
            p for p in self.pulls.values() if p["head"]["ref"] == head and p["state"] == "open"
        ]
        if taken:
            return _refusal(422, f"A pull request already exists for contoso:{head}.")
        number = self.open_pull(
            head, asked.get("sha", ""), base=base, title=asked["title"],
            body=asked.get("body", ""), author=BOT["login"],
        )  # fmt: skip
        return web.json_response(self.pulls[number], status=201)

    async def _get_pull(self, request: web.Request) -> web.Response:
        number = _number(request)
        if number not in self.pulls:
            return _one(None)
        counts = {"commits": len(self.commits[number]), "changed_files": len(self.files[number])}
        return _one({**counts, **self.pulls[number]})

    async def _list_commits(self, request: web.Request) -> web.Response:
        return _page(request, self.commits[_number(request)][:250])

    async def _list_files(self, request: web.Request) -> web.Response:
        return _page(request, self.files[_number(request)][:3000])

    async def _list_activity(self, request: web.Request) -> web.Response:
        """The newest first, with cursors: a number of a page means nothing here."""
        wanted = request.query.get("ref")
        every = [] if wanted in self.unlisted else self.activity[::-1]
        entries = [entry for entry in every if wanted in (None, entry["ref"])]
        size, cursor = int(request.query.get("per_page", 30)), request.query.get("after")
        start = int(base64.b64decode(cursor)) if cursor else 0
        after = base64.b64encode(str(start + size).encode()).decode()
        link = _next(request, after=after) if entries[start + size :] else {}
        return web.json_response(entries[start : start + size], headers=link)

    async def _get_branch(self, request: web.Request) -> web.Response:
        ref = f"refs/heads/{request.match_info['branch']}"
        tip = next((entry["after"] for entry in self.activity[::-1] if entry["ref"] == ref), None)
        return _one({"ref": ref, "object": {"type": "commit", "sha": tip}} if tip else None)

    async def _list_artifacts(self, request: web.Request) -> web.Response:
        name = request.query.get("name")
        artifacts = [artifact for artifact in self.artifacts if name in (None, artifact["name"])]
        return _page(request, artifacts, member="artifacts")

    async def _get_run(self, request: web.Request) -> web.Response:
        attempts = self.runs.get(_number(request), [])
        wanted = request.match_info.get("attempt", str(len(attempts)))
        return _one(
            next((attempt for attempt in attempts if str(attempt["run_attempt"]) == wanted), None)
        )

    async def _edit_pull(self, request: web.Request) -> web.Response:
        return await _edited(request, self.pulls.get(_number(request)))

    async def _list_reviews(self, request: web.Request) -> web.Response:
        return _page(request, self.reviews.get(_number(request), []))

    async def _pulls_of_commit(self, request: web.Request) -> web.Response:
        sha = request.match_info["sha"]
        pulls = self.pulls.values()
        return _page(
            request, [p for p in pulls if sha in (p["merge_commit_sha"], p["head"]["sha"])]
        )

    async def _permission(self, request: web.Request) -> web.Response:
        login = request.match_info["login"]
        if self.user(login)["type"] != "User" or login in self.missing:
            return _refusal(404, f"{login} is not a user")
        permission = self.permissions.get(login, "read")
        return web.json_response({"permission": permission, "user": self.user(login)})

    async def _list_issues(self, request: web.Request) -> web.Response:
        state, labels = request.query.get("state", "open"), request.query.get("labels")
        wanted = set(labels.split(",")) if labels else set()
        issues = [
            issue
            for issue in self.issues.values()
            if state in ("all", issue["state"])
            and wanted <= {label["name"] for label in issue["labels"]}
        ]
        return _page(request, issues)

    async def _open_issue(self, request: web.Request) -> web.Response:
        asked = await request.json()
        number = next(self._numbers)
        self.issues[number] = {
            "number": number,
            "state": "open",
            "title": asked["title"],
            "body": asked["body"],
            "user": BOT,
            "labels": [{"name": name} for name in asked.get("labels", [])],
            "html_url": f"https://github.example/{REPOSITORY}/issues/{number}",
        }
        return web.json_response(self.issues[number], status=201)

    async def _edit_issue(self, request: web.Request) -> web.Response:
        return await _edited(request, self.issues.get(_number(request)))

    async def _add_labels(self, request: web.Request) -> web.Response:
        number = _number(request)
        thing = self.pulls.get(number) or self.issues.get(number)
        if thing is None:
            return _one(None)
        thing["labels"] += [{"name": name} for name in (await request.json())["labels"]]
        return web.json_response(thing["labels"])

    async def _list_comments(self, request: web.Request) -> web.Response:
        return _page(request, self.comments.get(_number(request), []))

    async def _add_comment(self, request: web.Request) -> web.Response:
        number, body = _number(request), (await request.json())["body"]
        if number not in self.pulls and number not in self.issues:
            return _one(None)
        if len(body) > 65_536:
            return _refusal(422, "Body is too long (maximum is 65536 characters)")
        return web.json_response(self.comment(number, body), status=201)

    async def _edit_comment(self, request: web.Request) -> web.Response:
        every = itertools.chain.from_iterable(self.comments.values())
        wanted = int(request.match_info["id"])
        chosen = next((comment for comment in every if comment["id"] == wanted), None)
        if chosen is not None:
            chosen["updated_at"] = self.now()
        return await _edited(request, chosen)

    async def _dispatch(self, request: web.Request) -> web.Response:
        self.dispatches.append({"workflow": request.match_info["name"], **await request.json()})
        return web.Response(status=204)

    @web.middleware
    async def gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Notes the call, and lets only those in who may do it."""
        path = request.path.removeprefix(f"/repos/{REPOSITORY}")
        self.requests.append(f"{request.method} {path}")
        if path in self.refused:
            return _refusal(self.refused[path], "Resource not accessible by integration")
        if self.hiccups:
            self.hiccups -= 1
            return _refusal(502, "Server Error")
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        public = "/releases/download/" in path
        if token not in (WRITER, READER) and not public:
            return _refusal(401, "Bad credentials")
        if token == READER and request.method != "GET":
            return _refusal(403, "Resource not accessible by integration")
        response: web.StreamResponse = await handler(request)
        if self.elsewhere:
            response.headers["Link"] = f'<{self.elsewhere}>; rel="next"'
        return response


def _number(request: web.Request) -> int:
    return int(request.match_info["number"])


def _page(request: web.Request, items: list[Json], member: str = "") -> web.Response:
    size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
    link = _next(request, page=page + 1) if items[size * page :] else {}
    part = items[size * (page - 1) : size * page]
    answer = {"total_count": len(items), member: part} if member else part
    return web.json_response(answer, headers=link)


def _next(request: web.Request, **query: str | int) -> dict[str, str]:
    return {"Link": f'<{request.url.update_query(query)}>; rel="next"'}


def _one(item: Json | None) -> web.Response:
    return _refusal(404, "Not Found") if item is None else web.json_response(item)


async def _edited(request: web.Request, item: Json | None) -> web.Response:
    if item is not None:
        item.update(await request.json())
    return _one(item)


def _refusal(status: int, message: str) -> web.Response:
    return web.json_response({"message": message, "status": str(status)}, status=status)


@contextmanager
def running(fake: FakeGitHub) -> Iterator[FakeGitHub]:
    """The fake answers at `fake.url` while this lasts."""
    loop = asyncio.new_event_loop()

    async def start() -> web.AppRunner:
        app = web.Application(middlewares=[fake.gate])
        app.add_routes(fake.routes())
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    thread = threading.Thread(target=loop.run_forever, name="GitHub", daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    try:
        yield fake
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
