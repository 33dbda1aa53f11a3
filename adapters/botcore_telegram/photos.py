"""The bytes and sizes of pictures that are about to be sent."""

from __future__ import annotations

from collections.abc import Iterable

from botcore.adapter import Pictures
from botcore.picture_format import NotAPicture, read_shape

from .native import Photo


async def load(pictures: Pictures, keys: Iterable[str]) -> dict[str, Photo]:
    """Pictures by their keys; those that are not kept any more are left out."""
    found: dict[str, Photo] = {}
    for key in keys:
        if (kept := await pictures.read(key)) is not None:
            found[key] = _measured(key, *kept)
    return found


def _measured(key: str, data: bytes, media_type: str) -> Photo:
    """An animation is said to be one by its type; what cannot be measured is as good as endless."""
    try:
        shape = read_shape(data)
    except NotAPicture:
        return Photo(key, data, media_type, 0, 1)
    return Photo(key, data, "image/gif" if shape.frames > 1 else shape.media_type, shape.width, shape.height)
