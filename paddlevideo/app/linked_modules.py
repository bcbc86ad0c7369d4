"""The page's JavaScript modules as one, for where a script comes alone: a notebook's widget."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

_IMPORT = re.compile(r'^import \{([^}]*)\} from "([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_WORKER = re.compile(r'new URL\("([^"]+)", import\.meta\.url\)(?:, \{ type: "module" \})?')  # linked, it is none


def link_modules(entry: Path, instead: Mapping[Path, Path]) -> str:
    """Return the text of the module ``entry`` with all that it imports in it, and of workers, what they are made from.

    Each imported module becomes a function's result, so that names of one do not meet those of another.

    Args:
        entry: its own exports stay as they are.
        instead: modules that others take the place of.
    """
    linked: dict[Path, str] = {}  # those that others need come first

    def add(path: Path) -> str:
        """Link the module at ``path``, unless it is, and return its name."""
        name = f"module_{path.parent.name}_{path.stem}"
        if path not in linked:
            text = read(path)
            exported = ", ".join(_EXPORT.findall(text))
            linked[path] = f"const {name} = (() => {{\n{_EXPORT.sub('', text)}\nreturn {{ {exported} }};\n}})();\n"
        return name

    def read(path: Path) -> str:
        def bound(found: re.Match[str]) -> str:
            other = (path.parent / found[2]).resolve()
            return f"const {{{found[1].replace(' as ', ': ')}}} = {add(instead.get(other, other))};"

        def alone(found: re.Match[str]) -> str:
            text = json.dumps(link_modules(path.parent / found[1], instead))
            return f'URL.createObjectURL(new Blob([{text}], {{ type: "text/javascript" }}))'

        return _WORKER.sub(alone, _IMPORT.sub(bound, path.read_text(encoding="utf-8")))

    last = read(entry.resolve())
    return "".join([*linked.values(), last])
