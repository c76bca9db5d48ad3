"""What a manifest defines: a thing with a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from edgeops.fleet.model import Document, Place

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Named(Generic[T]):
    """A manifest, or a member of one, as its kind says: its name, where that stands, its spec."""

    name: str
    document: Document
    pointer: str
    spec: T

    @property
    def place(self) -> Place:
        """Where the name stands."""
        return self.document.place(self.pointer)
