"""Modules linked into one: each once, those that others need first, exports by name, one in another's place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paddlevideo.app.linked_modules import link_modules

FILES = {
    "a/entry.js": """import { one as first,
  Two } from "../b/both.js";
import { far } from "../b/net.js";
export default { first, Two, far };
""",
    "b/both.js": """import { three } from "./three.js";
export const one = three + 1;
export class Two {}
const hidden = new URL("./work.js", import.meta.url);
""",
    "b/three.js": "export function three() {}\nexport async function four() {}\n",
    "b/work.js": 'self.onmessage = () => "done";\n',
    "b/net.js": "export const far = 1;\n",
    "a/near.js": 'import { three } from "../b/three.js";\nexport const far = three;\n',
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_every_module_is_there_once_before_those_that_need_it(folder: Path) -> None:
    text = link_modules(folder / "a/entry.js", {folder / "b/net.js": folder / "a/near.js"})
    assert re.findall(r"^const (module\w+) =", text, re.MULTILINE) == [
        "module_b_three",
        "module_b_both",
        "module_a_near",
    ]
    assert "return { three, four };" in text and "return { one, Two };" in text
    assert "const { one: first,\n  Two } = module_b_both;" in text and "const { far } = module_a_near;" in text
    assert not re.search(r"^import |import\.meta", text, re.MULTILINE)
    assert re.findall(r"^export .*", text, re.MULTILINE) == ["export default { first, Two, far };"]
    assert r'new Blob(["self.onmessage = () => \"done\";\n"]' in text
