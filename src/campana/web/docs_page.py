"""The API reference as one page of plain HTML: no script, nothing fetched from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from typing import Any

from campana.web.errors import STATUS, title_of

Json = dict[str, Any]

_STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#8882;--accent:#b4541a}
body{font:16px/1.55 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1.5rem}
h1{margin:0}h2{border-bottom:1px solid var(--line);margin-top:3rem;padding-bottom:.3rem}
h3{margin:2.2rem 0 .2rem}code,pre{font:14px/1.45 ui-monospace,monospace}
pre{background:var(--soft);border-radius:6px;overflow:auto;padding:.8rem}
table{border-collapse:collapse;margin:.6rem 0;width:100%}
td,th{border-bottom:1px solid var(--line);padding:.35rem .6rem .35rem 0}
td,th{text-align:left;vertical-align:top}
a{color:var(--accent)}nav a{display:inline-block;margin-right:1rem}
.method{color:var(--accent);font-weight:700}summary{cursor:pointer}
"""

SECURITY_POLICY = (
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; style-src 'sha256-"
    + base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    + "'"
)


def render(document: Json) -> bytes:
    """The page of an OpenAPI document."""
    tags = [tag for tag in document["tags"] if _of_tag(document, tag["name"])]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        '<meta name=viewport content="width=device-width,initial-scale=1">',
        f"<title>{escape(document['info']['title'])} API</title><style>{_STYLE}</style>",
        f"<h1>{escape(document['info']['title'])} API</h1>",
        *(f"<p>{_prose(text)}</p>" for text in document["info"]["description"].split("\n\n")),
        "<nav>",
        *(f'<a href="#{escape(tag["name"])}">{escape(tag["name"])}</a>' for tag in tags),
        '<a href="#errors">errors</a><a href="/openapi.json">openapi.json</a></nav>',
    ]
    for tag in tags:
        parts.append(f'<h2 id="{escape(tag["name"])}">{escape(tag["name"])}</h2>')
        parts.append(f"<p>{_prose(tag['description'])}</p>")
        parts += [_operation(*found) for found in _of_tag(document, tag["name"])]
    parts.append(_errors())
    return "".join(parts).encode()


def _of_tag(document: Json, tag: str) -> list[tuple[str, str, Json]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    ]


def _operation(path: str, method: str, operation: Json) -> str:
    parts = [
        f'<h3 id="{escape(operation["operationId"])}">{escape(operation["summary"])}</h3>',
        f"<p><code><span class=method>{method.upper()}</span> {escape(path)}</code> · ",
        f"{_prose(operation['description'].rpartition('. ')[2])}</p>",
        _parameters(operation),
    ]
    for name, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(_example(f"Body, {name}", content.get("example", content.get("schema"))))
    for status, response in operation["responses"].items():
        for name, content in response.get("content", {}).items():
            if status < "300" and "example" in content:
                parts.append(_example(f"{status}, {name}", content["example"]))
    failures = [status for status in operation["responses"] if status >= "400"]
    parts.append(f"<p>Problems: {', '.join(failures)}</p>")
    return "".join(parts)


def _parameters(operation: Json) -> str:
    rows = [
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{_kind(each['schema'])}</td>"
        f"<td>{_prose(each['description'])}</td></tr>"
        for each in operation["parameters"]
        if each.get("in") == "query"
    ]
    return f"<table><tr><th>Parameter<th>Kind<th>{''.join(rows)}</table>" if rows else ""


def _kind(schema: Json) -> str:
    values = schema.get("enum") or schema.get("items", {}).get("enum")
    if values:
        return " ".join(f"<code>{escape(str(value))}</code>" for value in values)
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "from"), ("maximum", "to"), ("default", "default"))
        if key in schema
    ]
    return escape(", ".join([str(schema.get("format") or schema.get("type", "")), *bounds]))


def _example(title: str, example: object) -> str:
    is_text = isinstance(example, str)
    text = example if is_text else json.dumps(example, indent=2, ensure_ascii=False)
    return f"<details open><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>"


def _errors() -> str:
    rows = [
        f'<tr id="{kind.code()}"><td><code>{kind.code()}</code><td>{status}'
        f"<td>{escape(title_of(kind))}: {escape(kind().message)}</tr>"
        for kind, status in STATUS.items()
    ]
    return (
        "<h2 id=errors>errors</h2>"
        "<p>The <code>code</code> of a problem, its status and what it means.</p>"
        f"<table>{''.join(rows)}</table>"
    )


def _prose(text: str) -> str:
    """Text with `code` in it."""
    pieces = escape(text).split("`")
    return "".join(
        f"<code>{piece}</code>" if position % 2 else piece for position, piece in enumerate(pieces)
    )
