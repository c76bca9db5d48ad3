"""Keys of Ed25519: makes a pair, and reads the private one to sign with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from edgeops.errors import EdgeOpsError, Refused
from edgeops.files import write_blocks, write_private
from edgeops.signature import PrivateKey, PublicKey, new_key, read_private_key
from edgeops.source.ignored import may_be_committed
from edgeops.translate import doing, translate

SIGNING_KEY = "EDGEOPS_SIGNING_KEY"
MAX_KEY_BYTES = 4096
_MAKE_ONE = "make a key with `edgeops model key FILE`"


def make_key(private: Path, public: Path) -> PublicKey:
    """Make a pair of keys; only the user can read the private one.

    Raises `Refused` if one of the files exists, or git would take the private one into a commit,
    and `EdgeOpsError` if they cannot be written.
    """
    for path in (private, public):
        if os.path.lexists(path):
            raise Refused(f"{path} already exists", "a key is never overwritten: name another file")
    if may_be_committed(private):
        raise Refused(
            f"{private} is in a git repository, where it could be committed",
            "choose a path outside, or one that .gitignore lists",
        )
    private_text, public_text, key = new_key()
    hint = "no key was made; choose another path"
    exists = FileExistsError, lambda _: Refused("the file already exists", hint)
    with doing(f"write {private}", hint), translate(exists):
        write_private(private, private_text, first_wins=True)
    try:
        with doing(f"write {public}", hint):
            public.parent.mkdir(parents=True, exist_ok=True)
        with doing(f"write {public}", hint), translate(exists):
            write_blocks(public, [public_text], mode=0o644, first_wins=True)
    except EdgeOpsError:
        private.unlink(missing_ok=True)
        raise
    return key


def signing_key(file: Path | None, environ: Mapping[str, str]) -> PrivateKey:
    """The private key in a file, or else in the variable EDGEOPS_SIGNING_KEY.

    Raises `EdgeOpsError` without any, or if it is not a private key of Ed25519.
    """
    if file is not None:
        with doing(f"read the key {file}", _MAKE_ONE), file.open("rb") as opened:
            data = opened.read(MAX_KEY_BYTES + 1)
        return read_private_key(data[:MAX_KEY_BYTES], str(file))
    text = environ.get(SIGNING_KEY, "")
    if not text.strip():
        raise EdgeOpsError(
            "there is no key to sign with",
            f"name its file with --key, or put its text into {SIGNING_KEY}",
        )
    return read_private_key(text.encode(errors="replace"), SIGNING_KEY)
