"""Count what tells whether the house is in order: import circles, files side by side, parameters, lines.

python tools/structure.py                 this checkout
python tools/structure.py OTHER           another one, to compare with

Needs requirements-dev.txt (grimp comes with import-linter). Imports against the table of docs/en/design.md are counted
by `make lint`.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp

FOLDERS = ("session", "utils", "app", "app/static/js")
LARGEST = 3


def constructors(folder: Path) -> Iterator[tuple[int, str]]:
    """Yield how many parameters each class's own constructor has, ``self`` left out, and its name."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ClassDef):
                continue
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and method.name == "__init__":
                    arguments = method.args
                    count = len(arguments.posonlyargs + arguments.args + arguments.kwonlyargs) - 1
                    yield count, node.name


def circles(root: Path) -> list[set[str]]:
    """Return the groups of modules that import one another in a circle, imports inside functions included."""
    sys.path.insert(0, str(root))
    graph = grimp.build_graph("paddlevideo", cache_dir=None)
    found: list[set[str]] = []
    for module in sorted(graph.modules):
        if any(module in group for group in found):
            continue
        group = {each for each in graph.find_upstream_modules(module) if graph.chain_exists(each, module)}
        if group:
            found.append({module, *group})
    return found


def main() -> None:
    """Print the counts of the checkout named on the command line, else of this one."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[1]).resolve()
    package = root / "paddlevideo"
    for count, name in sorted(constructors(package / "session"), reverse=True)[:LARGEST]:
        print(f"parameters of {name}: {count}")
    print(f"import circles: {len(circles(root))}")
    for folder in FOLDERS:
        files = [path for path in (package / folder).iterdir() if path.suffix in (".py", ".js")]
        print(f"files side by side in {folder}/: {len(files)}")
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in package.rglob("*.py"))
    print(f"lines of Python in the package: {lines}")


if __name__ == "__main__":
    main()
