"""What can go wrong with a model, as it is reported. No text ever holds a query or a secret."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The reported kinds of failure."""

    INVALID_DESIRED = "InvalidDesired"
    NO_CHECKSUM = "NoChecksum"
    UNSAFE_FILE_NAME = "UnsafeFileName"
    UNSAFE_PATH = "UnsafePath"
    NOT_SIGNED = "NotSigned"
    WRONG_SIGNATURE = "WrongSignature"
    KEY_UNREADABLE = "KeyUnreadable"
    UNREACHABLE = "Unreachable"
    PROXY_FAILED = "ProxyFailed"
    TLS_FAILED = "TlsFailed"
    CONNECTION_LOST = "ConnectionLost"
    STALLED = "Stalled"
    NOT_FOUND = "NotFound"
    FORBIDDEN = "Forbidden"
    ACCESS_EXPIRED = "AccessExpired"
    SERVER_ERROR = "ServerError"
    TOO_MANY_REDIRECTS = "TooManyRedirects"
    INSECURE_REDIRECT = "InsecureRedirect"
    FILE_CHANGED = "FileChanged"
    SIZE_MISMATCH = "SizeMismatch"
    TOO_LARGE = "TooLarge"
    CHECKSUM_MISMATCH = "ChecksumMismatch"
    DISK_FULL = "DiskFull"
    STORAGE_NOT_WRITABLE = "StorageNotWritable"
    STORAGE_FAILED = "StorageFailed"
    LOAD_TEST_FAILED = "LoadTestFailed"
    INTERNAL = "Internal"


@dataclass(frozen=True, slots=True)
class ModelFault:
    """Why a slot does not have what the twin wants: a code for programs, a message for people."""

    code: Code
    message: str


class LoadFailed(Exception):
    """A step failed. `transient`: likely to succeed in a moment, so it is retried soon."""

    def __init__(self, code: Code, message: str, *, transient: bool = False) -> None:
        super().__init__(message)
        self.fault = ModelFault(code, message)
        self.transient = transient


class Superseded(Exception):
    """A newer desired state wants something else: stop."""
