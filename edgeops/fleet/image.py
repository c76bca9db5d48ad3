"""What is wrong with the name of a container image, once its variables have their values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageFault:
    """A fault of an image: a message, what to do, and whether it is only a warning."""

    message: str
    hint: str
    warning: bool = True


def last_part(image: str) -> str:
    """The last part of the name of an image, without registry, tag and digest."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0]


def image_fault(image: str) -> ImageFault | None:
    """The fault of an image as a container engine would pull it.

    Source: "Reference grammar" of distribution/reference; the gateway stands for a parent device as
    `$upstream:443/name:tag` (Microsoft Learn, "Create a hierarchy of IoT Edge devices").
    """
    scheme, separator, rest = image.partition("://")
    if separator:
        message = f"`{image}` is not an image: an image has no {scheme}://"
        return ImageFault(message, f"write {rest}", warning=False)
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if digest:
        return None
    if not tag:
        message = (
            f"`{image}` has neither tag nor digest, so devices run what `latest` is when they pull"
        )
        return ImageFault(message, "add the tag or digest of a version, as in name:1.0.0")
    if tag == "latest":
        message = f"`{image}` is another image whenever somebody pushes one"
        return ImageFault(message, "name a version, as in name:1.0.0, or a digest")
    return None
