"""Whom the device trusts: public keys on the host or in the image, never from a twin.

A key that came the way of the digest would prove nothing more than the digest does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeops.errors import EdgeOpsError
from edgeops.modules.model_loader.faults import Code, LoadFailed
from edgeops.modules.model_loader.wanted import FLAT, WantedModel
from edgeops.signature import PublicKey, is_signed, read_public_key, statement

KEY_FOLDER = Path("/etc/edgeops/trust")
_MOST_BYTES = 1 << 16
_PEM = re.compile(rb"-----BEGIN [^-\n]+-----.*?-----END [^-\n]+-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """Where the public keys are: `*.pub` in `folder` (which may be absent) and those `named`.

    `named` is a key file or a folder of them: it must have a key, so that a mount that went away
    does not mean that everything is accepted.
    """

    folder: Path = KEY_FOLDER
    named: Path | None = None

    def read_keys(self) -> tuple[PublicKey, ...]:
        """The keys as they are now; () when every release is to be accepted.

        Raises `LoadFailed` when any of them cannot be read: nothing is accepted then.
        """
        keys = [key for path in _listed(self.folder) for key in _keys_in(path)]
        if self.named is not None:
            try:
                paths = _listed(self.named) if self.named.is_dir() else [self.named]
            except OSError as error:
                raise _unreadable(self.named, error) from error
            if not paths:
                raise LoadFailed(
                    Code.KEY_UNREADABLE, f"EDGEOPS_TRUST: {self.named} has no key (*.pub)"
                )
            keys += [key for path in paths for key in _keys_in(path)]
        return tuple(dict.fromkeys(keys))


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


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.name.endswith(".pub"))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _unreadable(folder, error) from error


def _keys_in(path: Path) -> list[PublicKey]:
    try:
        if path.exists() and not path.is_file():
            raise LoadFailed(Code.KEY_UNREADABLE, f"the key file {path} is not a file")
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    blocks = _PEM.findall(text) if len(text) <= _MOST_BYTES else []
    try:
        return [read_public_key(block, str(path)) for block in blocks or [b""]]
    except EdgeOpsError as error:
        raise LoadFailed(Code.KEY_UNREADABLE, error.message) from error
    except ImportError as error:
        raise LoadFailed(
            Code.KEY_UNREADABLE,
            f"the key in {path} cannot be used: the package cryptography is not installed",
        ) from error


def _unreadable(path: Path, error: OSError) -> LoadFailed:
    why = error.strerror or type(error).__name__
    return LoadFailed(Code.KEY_UNREADABLE, f"the key file {path} cannot be read: {why}")
