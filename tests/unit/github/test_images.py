"""The images of a release of edgeops."""

import socket
import threading

import pytest

from edgeops.github.images import released_images
from edgeops.github.rest import GitHubError

LOADER = f"ghcr.io/contoso/edgeops-model-loader:1.2.3@sha256:{'a' * 64}"
FORECASTER = f"ghcr.io/contoso/edgeops-forecaster:1.2.3@sha256:{'b' * 64}"


def test_images_are_named_by_digest(github):
    github.images["contoso v1.2.3"] = f"{FORECASTER}\n{LOADER}\n"
    assert released_images(github.url, "contoso", "1.2.3") == {
        "edgeops-forecaster": FORECASTER,
        "edgeops-model-loader": LOADER,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>",
        LOADER.partition("@")[0],
        LOADER.replace("contoso", "fabrikam"),
        LOADER.replace("1.2.3", "1.2.4"),
        LOADER.replace("ghcr.io", "evil.example"),
        f"{LOADER} # x",
        "x" * 100_000 + f"\n{LOADER}",
    ],
)
def test_a_file_that_names_no_images_of_this_release_is_an_error(github, text):
    github.images["contoso v1.2.3"] = text
    with pytest.raises(GitHubError, match="does not list images of contoso by digest"):
        released_images(github.url, "contoso", "1.2.3")


def test_a_release_that_is_not_there(github):
    with pytest.raises(GitHubError) as caught:
        released_images(github.url, "contoso", "1.2.3")
    assert caught.value.message == "GitHub answered 404 for the images of contoso/edgeops 1.2.3"
    assert "has contoso published this version?" in caught.value.hint


def test_an_answer_that_breaks_off():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.recv(65_536)
                client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nghcr.io/")

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(GitHubError, match=r"contoso/edgeops 1.2.3 cannot be reached"):
            released_images(f"http://127.0.0.1:{server.getsockname()[1]}", "contoso", "1.2.3")
