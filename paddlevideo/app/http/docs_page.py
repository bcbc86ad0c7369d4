"""A page that describes the HTTP interface, made from its OpenAPI document; it needs no script."""

from __future__ import annotations

import json
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
    return head + "".join(_operations(openapi)) + "".join(_documents(openapi)) + "</body></html>\n"


def _operations(openapi: Mapping[str, Any]) -> Iterator[str]:
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            yield f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation.get('summary', ''))}.</p>"
            rows = [*_parameters(operation), *_body(openapi, operation), *_answer(operation)]
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


def _answer(operation: Mapping[str, Any]) -> Iterator[str]:
    content = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
    if content.get("schema"):
        yield f"answers with {_type(content['schema'])}"


def _documents(openapi: Mapping[str, Any]) -> Iterator[str]:
    """What is in the answers, with an anchor each."""
    yield "<h1>Answers</h1>"
    used = _answers_text(openapi)
    for name, schema in openapi["components"]["schemas"].items():
        if f'"#/components/schemas/{name}"' in used:
            yield f'<h2 id="{escape(name)}"><code>{escape(name)}</code></h2><p>{escape(schema["description"])}</p><ul>'
            for key, one in schema["properties"].items():
                told = f": {escape(one['description'])}" if "description" in one else ""
                yield f"<li><code>{escape(key)}</code> {_type(one)}{told}</li>"
            yield "</ul>\n"


def _answers_text(openapi: Mapping[str, Any]) -> str:
    """All that speaks of an answer's schema, as JSON."""
    operations = [operation for methods in openapi["paths"].values() for operation in methods.values()]
    return json.dumps([[each["responses"] for each in operations], openapi["components"]])


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(escape(str(each)) for each in schema["enum"])
    kind = str(schema.get("type", "anything"))
    return f"array of {_type(schema['items'])}" if kind == "array" else escape(kind)
