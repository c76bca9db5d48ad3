"""Keys that sign releases: made once, private ones out of git and out of messages."""

import stat
import subprocess

import pytest

from edgeops.errors import EdgeOpsError, Refused
from edgeops.publishing.keys import make_key, signing_key
from edgeops.signature import public_key_of, read_public_key


def git(folder, *arguments):
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


def test_a_pair_of_keys(tmp_path):
    private, public = tmp_path / "k.pem", tmp_path / "k.pub"
    key = make_key(private, public)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert read_public_key(public.read_bytes(), "k.pub") == key
    assert public_key_of(signing_key(private, {})) == key
    assert public_key_of(signing_key(None, {"EDGEOPS_SIGNING_KEY": private.read_text()})) == key
    assert b"PRIVATE" not in public.read_bytes()


@pytest.mark.parametrize("existing", ["k.pem", "k.pub"])
def test_no_key_is_overwritten(tmp_path, existing):
    (tmp_path / existing).write_text("mine")
    with pytest.raises(Refused, match=f"{existing} already exists"):
        make_key(tmp_path / "k.pem", tmp_path / "k.pub")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["mine"]


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "k.pem").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Refused, match="already exists"):
        make_key(tmp_path / "k.pem", tmp_path / "k.pub")


def test_no_private_key_where_git_would_commit_it(tmp_path):
    repo = tmp_path / "repo"
    (repo / "sub").mkdir(parents=True)
    git(repo, "init", "--quiet")
    for place in (repo / "k.pem", repo / "sub/k.pem"):
        with pytest.raises(Refused, match="it could be committed"):
            make_key(place, tmp_path / "k.pub")
        assert not place.exists()
    (tmp_path / "link").symlink_to(repo)
    with pytest.raises(Refused, match="it could be committed"):
        make_key(tmp_path / "link/k.pem", tmp_path / "k.pub")
    (repo / ".gitignore").write_text("*.pem\n")
    make_key(repo / "sub/k.pem", repo / "k.pub")


def test_half_a_pair_is_not_left(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EdgeOpsError, match="cannot write"):
        make_key(tmp_path / "k.pem", tmp_path / "file/k.pub")
    assert not (tmp_path / "k.pem").exists()


def test_the_folder_of_public_keys_is_made(tmp_path):
    make_key(tmp_path / "k.pem", tmp_path / "keys/k.pub")
    assert (tmp_path / "keys/k.pub").is_file()


@pytest.mark.parametrize("text", ["", " \n"])
def test_no_key_to_sign_with(text):
    with pytest.raises(EdgeOpsError, match="there is no key to sign with") as caught:
        signing_key(None, {"EDGEOPS_SIGNING_KEY": text})
    assert "--key" in caught.value.hint


def test_what_is_not_a_key_is_not_shown(tmp_path):
    secret = "c2VjcmV0" * 2000
    (tmp_path / "k.pem").write_text(secret)
    for file, environ in ((tmp_path / "k.pem", {}), (None, {"EDGEOPS_SIGNING_KEY": secret})):
        with pytest.raises(EdgeOpsError, match="is not a private key of Ed25519") as caught:
            signing_key(file, environ)
        assert "c2Vj" not in f"{caught.value.message}{caught.value.hint}"
    with pytest.raises(EdgeOpsError, match="cannot read the key"):
        signing_key(tmp_path / "absent", {})


def test_paths_that_cannot_be(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    for place in (tmp_path / "loop/k.pem", tmp_path / ("k" * 300)):
        with pytest.raises(EdgeOpsError, match="cannot write"):
            make_key(place, tmp_path / "k.pub")
    assert not (tmp_path / "k.pub").exists()
