"""Lines of the readers of files as codes, so that the page can say them in its own language."""

from __future__ import annotations

import re
from typing import Any

from ..loader.listing import listed

# What a reader's line has, and the page's words for it (``reason.CODE``), whose gaps are the named groups.
_REASONS = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        (r"no such file|leads nowhere|No such file", "missing"),
        (r"photograph \(HEIF or AVIF\)", "photograph"),
        (r"nothing but sound", "sound"),
        (r"no video in this file", "no_video"),
        (r"no frame of this video|frame \d+ cannot be decoded", "frames"),
        (r"Permission denied|cannot be listed|cannot be opened", "rights"),
        (r"no pictures here", "no_pictures"),
        (r"to one size", "sizes"),
        (r"would both be called", "names"),
        (r"floating-point numbers", "floats"),
        (r"broken picture|not one frame can be read", "picture"),
        (r"fits it either way", "turned"),
        (r"not valid JSON|not a text file|the key '\w+' is missing|expected (a|\[|two)|must be a list", "scribbles"),
        (r"'scribbles' has (?P<has>\d+) frames but the video has (?P<frames>\d+)", "length"),
        (r"frame (?P<frame>\d+), stroke (?P<stroke>\d+).* is outside the picture", "outside"),
        (r"frame (?P<frame>\d+), stroke (?P<stroke>\d+): object_id", "ids"),
        (r"not a readable video|Invalid data found|the decoder gave up", "damaged"),
    )
)
# What a reader of masks tells, and the page's words for it (``guess.CODE``).
_GUESSES = (("soft edges", "soft"), ("grey levels", "levels"), ("colours", "colours"))
_NUMBER = re.compile(r"\[Errno -?\d+\] ?")


def reason_of(line: str) -> dict[str, Any]:
    """A reader's line as values of an `AppError`: ``reason`` without the system's numbers, its code and gaps."""
    found = next(((match, code) for pattern, code in _REASONS if (match := pattern.search(line))), None)
    gaps, code = (found[0].groupdict(), found[1]) if found else ({}, "other")
    return {**gaps, "reason": _NUMBER.sub("", line), "reason_code": code}


def passed_over(last: int, ids: list[int]) -> dict[str, str]:
    """That a mask's ids go up to ``last``, so that objects come about which have no pixel in it."""
    objects = listed([str(each) for each in ids])
    return {"code": "passed", "message": f"ids up to {last}: no pixel has {objects}", "objects": objects}


def guess_of(notice: dict[str, Any]) -> dict[str, str]:
    """A notice of how a mask was read: ``message``, its ``code``, and the ``objects`` that were made of what."""
    line = notice["what"]
    code = next((code for words, code in _GUESSES if words in line), "other")
    return {"code": code, "message": line, "objects": line.partition("(")[2].rpartition(")")[0]}
