"""What mkdocs builds the site from: files where the repository has them, so that their links hold in both places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
PAGES = ("*.md", "docs/en/*.md", "docs/zh-CN/*.md", "data/README.md", "data/weights/*.md")
# What pages show or link to.
OTHERS = (
    "LICENSE",
    "NOTICE",
    "configs/segmentation/*.yaml",
    "docs/images/*",
    "notebooks/*.ipynb",
    "paddlevideo/app/static/icon.svg",
    "paddlevideo/session/rules/__init__.py",
)
LANGUAGES = {"en": "English", "zh": "简体中文"}
MARKS = (("docs/en/", "docs/zh-CN/"), (".md", ".zh-CN.md"))


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Take the pages of the repository in place of those below docs/; the theme's own files stay."""
    found = sorted({path for pattern in (*PAGES, *OTHERS) for path in ROOT.glob(pattern)})
    theme = [file for file in files if file.src_dir != config.docs_dir]
    return Files([*theme, *(_file(path, config) for path in found)])


def on_page_context(context: dict[str, Any], *, page: Page, config: MkDocsConfig, nav: Any) -> dict[str, Any]:
    """Show the theme's words in the page's language, and offer the same page in the other one."""
    uri = page.file.src_uri
    language = "zh" if "zh-CN" in uri else "en"
    config.theme["language"] = language
    pages = {each.file.src_uri: each for each in nav.pages}
    others = [uri.replace(*(marks if language == "en" else marks[::-1])) for marks in MARKS]
    home = "README.md" if language == "zh" else "README.zh-CN.md"
    other = pages[next((each for each in others if each in pages and each != uri), home)]
    places = {language: page, "zh" if language == "en" else "en": other}
    config.extra["alternate"] = [
        {"name": name, "lang": key, "link": places[key].file.url_relative_to(page.file)}
        for key, name in LANGUAGES.items()
    ]
    return context


def _file(path: Path, config: MkDocsConfig) -> File:
    return File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path))
