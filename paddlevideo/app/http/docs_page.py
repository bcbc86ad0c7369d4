"""A page that describes the HTTP interface, made from its OpenAPI document; it needs no script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>
<h1>{title}</h1><p>{summary}</p>
<p>Every request needs the cookie that the address with the token sets, or the header <code>X-Token</code>, which
counts only where no others may connect. The same in full, for machines:
<a href="/api/openapi.json">openapi.json</a>.</p>
{operations}<h1>Bodies</h1>
{bodies}</body></html>
"""


def docs_page(openapi: Mapping[str, Any]) -> str:
    """Return the HTML."""
    operations = "".join(
        _part(f"{method.upper()} {path}", "", f"{operation['summary']}.", _rows(operation))
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    )
    bodies = "".join(
        _part(name, f' id="{name}"', schema.get("description", ""), _fields(schema))
        for name, schema in openapi["components"]["schemas"].items()
    )
    title, summary = escape(openapi["info"]["title"]), escape(openapi["info"]["summary"])
    return _PAGE.format(title=title, summary=summary, operations=operations, bodies=bodies)


def _rows(operation: Mapping[str, Any]) -> Iterator[str]:
    """What a request takes and answers with."""
    for each in operation.get("parameters", ()):
        optional = "" if each.get("required") else ", optional"
        yield f"<code>{escape(each['name'])}</code> in the {each['in']}: {_type(each['schema'])}{optional}"
    for does, body in (("takes", operation.get("requestBody")), ("answers with", operation["responses"].get("200"))):
        schema = (body or {}).get("content", {}).get("application/json", {}).get("schema")
        if schema:
            yield f"{does} {_type(schema)}"


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    for name, field in schema["properties"].items():
        optional = "" if name in schema.get("required", ()) else ", optional"
        description = f": {escape(field['description'])}" if "description" in field else ""
        yield f"<code>{escape(name)}</code> {_type(field)}{optional}{description}"


def _part(title: str, anchor: str, text: str, rows: Iterator[str]) -> str:
    lines = "".join(f"<li>{row}</li>" for row in rows)
    return f"<h2{anchor}><code>{escape(title)}</code></h2><p>{escape(text)}</p><ul>{lines}</ul>\n"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(escape(str(each)) for each in schema["enum"])
    kind = str(schema.get("type", "anything"))
    return f"array of {_type(schema['items'])}" if kind == "array" and "items" in schema else escape(kind)
