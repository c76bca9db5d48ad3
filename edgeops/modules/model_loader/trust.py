"""Whom the device trusts: public keys on the host or in the image, never from a twin.

A key that came the way of the digest would prove nothing more than the digest does.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.model_loader.wanted import FLAT, WantedModel
from edgeops.signature import PublicKey, is_signed, read_public_key, statement
from edgeops.translate import translate

KEY_FOLDER = Path("/etc/edgeops/trust")
_MOST_BYTES = 1 << 16
_PEM = re.compile(rb"-----BEGIN [^-\n]+-----.*?-----END [^-\n]+-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """Where the public keys are: in `folder`, if there is one, and those `named`.

    Each is a key file or a folder with keys `*.pub`. It must have one, so that neither a mount
    that went away nor a wrong name means that everything is accepted.
    """

    folder: Path = KEY_FOLDER
    named: Path | None = None

    def read_keys(self) -> tuple[PublicKey, ...]:
        """The keys as they are now; () when every release is to be accepted: there is no place.

        Raises `LoadFailed` when any of them cannot be read: nothing is accepted then.
        """
        places = [] if self.named is None else [self.named]
        with _reading(self.folder), suppress(FileNotFoundError):
            self.folder.lstat()  # a link that leads nowhere is there
            places.append(self.folder)
        paths = [path for place in places for path in _files_of(place)]
        return tuple(dict.fromkeys(key for path in paths for key in _keys_in(path)))


def signer(model: WantedModel, keys: Sequence[PublicKey]) -> str:
    """The identity of the key that signed a release; empty where there are no keys.

    Raises `LoadFailed` when none of the keys signed it.
    """
    if not keys:
        return ""
    what = f"{model.name}@{model.version}" if model.name else model.main.name
    if model.signature is None:
        why = "the single-model form has no signatures" if model.slot == FLAT else "is not signed"
        raise LoadFailed(
            Code.NOT_SIGNED,
            f"{what}: {why}, and this device takes only what is signed by {_names(keys)}",
        )
    files = [(file.name, file.size or 0, file.sha256) for file in model.files]
    said = statement(model.name, model.version, model.format, files, dict(model.metadata))
    if is_signed(said, model.signature, keys):
        return model.signature.key
    if model.signature.key not in {key.identity for key in keys}:
        raise LoadFailed(
            Code.WRONG_SIGNATURE,
            f"{what} is signed by {model.signature.key}, and this device trusts {_names(keys)}",
        )
    raise LoadFailed(
        Code.WRONG_SIGNATURE,
        f"{what}: the signature is of something else: its name, version, format, metadata or files"
        " are not those that were signed",
    )


def _names(keys: Sequence[PublicKey]) -> str:
    return " or ".join(key.identity for key in keys[:3]) + (" or others" if len(keys) > 3 else "")


def _files_of(place: Path) -> list[Path]:
    with _reading(place):
        if place.is_file():
            return [place]
        every = sorted(place.iterdir())
    paths = [path for path in every if path.name.endswith(".pub")]
    if not paths:
        others = f"; {every[0].name} in it is not taken for one" if every else ""
        raise _unusable(
            f"{place} has no public key *.pub{others}", "put one there under such a name"
        )
    return paths


def _keys_in(path: Path) -> list[PublicKey]:
    with _reading(path):
        if path.exists() and not path.is_file():
            raise OSError(errno.EISDIR, "it is not a file")
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    blocks = _PEM.findall(text) if len(text) <= _MOST_BYTES else []
    try:
        return [read_public_key(block, str(path)) for block in blocks or [b""]]
    except EdgeOpsError as error:
        raise _unusable(error.message, error.hint) from error
    except ImportError as error:
        raise _unusable(f"the key {path} needs the package cryptography", "install it") from error


def _reading(path: Path) -> AbstractContextManager[None]:
    """For `with`: an `OSError` as a `LoadFailed` that names the path."""

    def unreadable(error: OSError) -> LoadFailed:
        why = error.strerror or type(error).__name__
        hint = f"make it a public key that user {os.geteuid()} may read"
        return _unusable(f"{path} cannot be read: {why}", hint)

    return translate((OSError, unreadable))


def _unusable(message: str, hint: str) -> LoadFailed:
    return LoadFailed(Code.KEY_UNREADABLE, f"{message}; {hint}")
