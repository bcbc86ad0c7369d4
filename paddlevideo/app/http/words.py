"""The page's words, for what the server has to say before the page is there."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import AppError

LANGUAGES = ("en", "zh-CN")
_FOLDER = Path(__file__).parents[1] / "static" / "words"


def in_all_languages(error: AppError) -> str:
    """An error's line in every language of the page, one below the other."""
    files = [_FOLDER / f"{language}.json" for language in LANGUAGES]
    words = [json.loads(file.read_text("utf-8"))[f"error.{error.code}"] for file in files]
    return "\n\n".join(line.format(**error.values) for line in words) + "\n"
