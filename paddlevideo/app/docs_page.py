"""A page that describes the HTTP interface, made from its OpenAPI document; it needs no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>
<h1>{title}</h1><p>{summary}</p>
<p>Every request needs the cookie that the address with the token sets, or the header <code>X-Token</code>, which
counts only where no others may connect. The same in full, for machines:
<a href="/api/openapi.json">openapi.json</a>.</p>
"""


def docs_page(openapi: Mapping[str, Any]) -> str:
    """Return the HTML."""
    info = openapi["info"]
    head = _HEAD.format(title=escape(info["title"]), summary=escape(info.get("summary", "")))
    return head + "".join(_operations(openapi)) + "</body></html>\n"


def _operations(openapi: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            yield f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation.get('summary', ''))}.</p>"
            rows = [*_parameters(operation), *_body(openapi, operation)]
            if rows:
                yield "<ul>" + "".join(f"<li>{row}</li>" for row in rows) + "</ul>\n"


def _parameters(operation: Mapping[str, Any]) -> Iterator[str]:
    for each in operation.get("parameters", ()):
        need = "" if each.get("required") else ", optional"
        yield f"<code>{escape(each['name'])}</code> in the {each['in']}: {_type(each['schema'])}{need}"


def _body(openapi: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[str]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content and "$ref" in content["schema"]:
        schema = openapi["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        for name, one in schema["properties"].items():
            need = "" if name in schema.get("required", ()) else ", optional"
            yield f"<code>{escape(name)}</code> in the body: {_type(one)}{need}"


def _type(schema: Mapping[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(escape(str(each)) for each in schema["enum"])
    kind = str(schema.get("type", "anything"))
    return f"array of {_type(schema['items'])}" if kind == "array" else escape(kind)
