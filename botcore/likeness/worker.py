"""Looks at pictures, in a process of its own: `python -m botcore.likeness.worker`.

A path on stdin, as a line of JSON, is answered by a line of JSON on stdout: `{"hash": …, "thumb": …}` in hexadecimal,
or `{"refused": why}`. The pictures are strangers': one that takes too much time or memory ends this process and no
other. It has no secrets, writes no files, and ends with its stdin.
"""

from __future__ import annotations

import json
import resource
import sys
import warnings
from pathlib import Path
from typing import Any

from .measures import EMPTY

MEMORY = 2**30  # bytes of address space; the libraries alone take a third of it
SECONDS = 10  # of the processor, for one picture
MAX_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
DRAFT = (512, 512)  # a JPEG is read no finer than it takes
HASH, THUMB = 16, (32, 32)
SHADES, CELLS = 12, 10  # what differs so little, or in so few cells, from the rest of it is as good as empty


def main() -> None:
    _set_limits()
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    import imagehash

    imagehash.phash(Image.new("L", THUMB), HASH)  # loads the rest of it, before the first picture's time runs
    print("{}", flush=True)  # noqa: T201 - ready
    for line in sys.stdin:
        _allow(SECONDS)
        print(json.dumps(_look(Path(json.loads(line)), Image, imagehash)), flush=True)  # noqa: T201


def _look(path: Path, images: Any, imagehash: Any) -> dict[str, str]:
    try:
        with images.open(path, formats=FORMATS) as image:
            image.draft("RGB", DRAFT)
            grey = _on_white(image, images)
        thumb = grey.resize(THUMB, images.Resampling.LANCZOS).tobytes()
        if _is_empty(thumb):
            return {"refused": EMPTY}
        bits = imagehash.phash(grey, hash_size=HASH).hash
    except MemoryError:
        raise  # what is left of this process is not to be trusted
    except Exception as error:  # noqa: BLE001 - decoders raise whatever comes to their mind
        return {"refused": f"cannot be read: {type(error).__name__}"}
    return {"hash": _packed(bits), "thumb": thumb.hex()}


def _on_white(image: Any, images: Any) -> Any:
    """Its first frame in shades of grey, as people see it: what is transparent hides other colours."""
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        white = images.new("RGBA", image.size, "white")
        return images.alpha_composite(white, image).convert("L")
    return image.convert("L")


def _is_empty(thumb: bytes) -> bool:
    usual = sorted(thumb)[len(thumb) // 2]
    return sum(abs(shade - usual) > SHADES for shade in thumb) < CELLS


def _packed(bits: Any) -> str:
    return "".join(f"{int(''.join('1' if bit else '0' for bit in row), 2):04x}" for row in bits)


def _set_limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _allow(SECONDS)


def _allow(seconds: int) -> None:
    """So much more of the processor's time; then the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + seconds, hard))


if __name__ == "__main__":
    main()
