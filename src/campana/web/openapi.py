"""The OpenAPI 3.1 description, made from the routes themselves and the Operation on each.

Schemas are the ones msgspec writes for the very Structs that read and write the JSON.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import msgspec
from litestar.routes import BaseRoute, HTTPRoute
from msgspec import Struct

from campana.domain import errors
from campana.domain.errors import CampanaError
from campana.services.accounts import SCOPES
from campana.web import event_examples
from campana.web.answers import JSON
from campana.web.errors import PROBLEM_JSON, STATUS, Problem, title_of
from campana.web.operations import Operation, Upload, operation_of

Json = dict[str, Any]
Kinds = tuple[type[CampanaError], ...]

EVENT_STREAM = "text/event-stream"

_REF = "#/components/schemas/{name}"

_ANYWHERE: Kinds = (
    errors.InvalidParameter,
    errors.InternalError,
    errors.Unavailable,
)

TAGS = {
    "campaigns": "Whom to contact, with what, when; and what became of it.",
    "attempts": "Each try at one address, as its carrier told it.",
    "contactLists": "The people, from files or straight from a program.",
    "contacts": "One person, and what happened to them over all channels.",
    "erasures": "People who were erased.",
    "retention": "How long what is known of people is kept.",
    "imports": "Files on their way into a contact list.",
    "channels": "Configured accounts on carriers.",
    "flows": "Conversations as graphs: drafts, and versions that campaigns pin.",
    "voicebots": "What calls say and ask: drafts, and versions that campaigns pin.",
    "flowCredentials": "What a flow's webhooks show to prove who they are.",
    "referenceTables": "What flows look rows up in, and is not about people.",
    "suppressions": "Whom never to contact.",
    "suppressionImports": "Files of numbers never to contact.",
    "analytics": "What attempts came to, summed up over days.",
    "consents": "Who agreed to be contacted, and who took it back: a ledger that only grows.",
    "conversations": "What people write back, and answering it.",
    "templates": "Texts that are written once: drafts, and versions that never change.",
    "unsubscribe": "The link of an e-mail that ends them (RFC 8058).",
    "voiceCalls": "Calls that were placed.",
    "recordings": "The sound of calls.",
    "events": "What happens, as it happens.",
    "webhooks": "Events sent to addresses of yours, in the Standard Webhooks form.",
    "health": "For monitoring.",
    "docs": "This description.",
}

INTRODUCTION = """\
Outbound calling and messaging campaigns. JSON in UTF-8, keys in camelCase, times as
`YYYY-MM-DDTHH:MM:SSZ`. Send your key as `Authorization: Bearer <key>` or `X-Api-Key`.

Every failure is an RFC 9457 problem whose `code` is for programs. Unknown, empty or repeated query
parameters and unknown fields are refused by name. A POST may carry an `Idempotency-Key`: a repeat
within 24 hours is answered from memory."""


def document(routes: Sequence[BaseRoute]) -> Json:
    """The description of everything these routes answer."""
    found = sorted(_operations(routes), key=lambda each: (each[0], each[1]))
    schemas = _schemas(operation for _, _, operation in found)
    failures = [kinds for where in found for kinds in _failures(*where).values()]
    paths: dict[str, Json] = {}
    for path, method, operation in found:
        paths.setdefault(path, {})[method] = _operation(path, method, operation)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "Campana",
            "version": "1.0.0",
            "summary": "Outbound calling and messaging campaigns",
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This server"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {
                _response_name(k): _problem_response(k)
                for k in sorted(failures, key=_response_name)
            },
            "parameters": _PARAMETERS,
            "headers": _HEADERS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key. Scopes: "
                    + " ".join(f"`{scope}` {meaning}" for scope, meaning in SCOPES.items()),
                },
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
            },
        },
    }


def _operations(routes: Sequence[BaseRoute]) -> Iterable[tuple[str, str, Operation]]:
    for route in routes:
        if not isinstance(route, HTTPRoute):
            continue
        path = re.sub(r"\{(\w+)\}", lambda m: "{" + _camel(m[1]) + "}", route.path_format)
        for method, (handler, _) in route.route_handler_map.items():
            if method != "OPTIONS":
                yield path, method.lower(), operation_of(handler)


def _schemas(operations: Iterable[Operation]) -> dict[str, Json]:
    shapes: set[type[Struct]] = {Problem}
    patched: set[type[Struct]] = set()
    for operation in operations:
        for shape in (operation.body, operation.answer):
            if isinstance(shape, type):
                shapes.add(shape)
        if _is_patch(operation) and isinstance(operation.body, type):
            patched.add(operation.body)
    ordered = sorted(shapes, key=lambda shape: shape.__name__)
    _, components = msgspec.json.schema_components(ordered, ref_template=_REF)
    for shape in patched:
        whole = dict(cast("Json", components[shape.__name__]))
        whole.pop("required", None)
        components[_patch_name(shape)] = {**whole, "title": _patch_name(shape)}
    return dict(sorted(components.items()))


def _operation(path: str, method: str, operation: Operation) -> Json:
    tag = operation.id.partition(".")[0]
    described: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.summary
        + (f". Needs the scope `{operation.scope}`." if operation.scope else ". Needs no key."),
        "tags": [tag],
        "parameters": [*_path_parameters(path), *_query_parameters(operation), *_named(operation)],
        "responses": _responses(path, method, operation),
        "security": [{"bearer": [operation.scope]}, {"apiKey": [operation.scope]}]
        if operation.scope
        else [],
    }
    if operation.body is not None:
        described["requestBody"] = _body(operation)
    return described


def _path_parameters(path: str) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": "An id as the API gave it.",
            "schema": {"type": "string"},
        }
        for name in re.findall(r"\{(\w+)\}", path)
    ]


def _query_parameters(operation: Operation) -> list[Json]:
    if operation.query is None:
        return []
    _, components = msgspec.json.schema_components([operation.query], ref_template=_REF)
    shape = cast("Json", components[operation.query.__name__])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in shape.get("required", ()),
            "description": _description(schema) or _words(name),
            "schema": _inlined(schema, components),
            **({"style": "form", "explode": False} if schema.get("type") == "array" else {}),
        }
        for name, schema in cast("dict[str, Json]", shape["properties"]).items()
    ]


def _inlined(schema: Json, components: Mapping[str, Any]) -> Json:
    """A parameter's schema alone: never null, since a parameter is given or not."""
    branches = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    found = dict(branches[0])
    if "$ref" in found:
        found = dict(cast("Json", components[str(found["$ref"]).rpartition("/")[2]]))
        found.pop("title", None)
    found.pop("description", None)
    if schema.get("default") not in (None, []):
        found["default"] = schema["default"]
    return found


def _named(operation: Operation) -> list[Json]:
    names = ["X-Request-Id"]
    names += ["Idempotency-Key"] if operation.is_once else []
    names += ["If-Match"] if operation.needs_match else []
    names += ["If-None-Match"] if operation.is_conditional else []
    names += ["X-Exclude-PII"] if operation.is_maskable else []
    names += ["Last-Event-ID"] if operation.is_stream else []
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _body(operation: Operation) -> Json:
    if isinstance(operation.body, Upload):
        content: Json = {"multipart/form-data": {"schema": dict(operation.body.schema)}}
    else:
        shape = cast("type[Struct]", operation.body)
        name = _patch_name(shape) if _is_patch(operation) else shape.__name__
        content = {"application/json": _content(_ref(name), operation.body_example)}
    return {"required": not operation.is_body_optional, "content": content}


def _responses(path: str, method: str, operation: Operation) -> dict[str, Json]:
    success: Json = {
        "description": operation.summary,
        "headers": {
            "X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"},
            **({"ETag": {"$ref": "#/components/headers/ETag"}} if _has_tag(operation) else {}),
            **{
                name: {"description": meaning, "schema": {"type": "string"}}
                for name, meaning in operation.headers.items()
            },
        },
    }
    match operation.answer:
        case None:
            pass
        case str() as media_type:
            # JSON of no shape of ours is this description itself: an object, not a text.
            kind = "object" if media_type == JSON else "string"
            success["content"] = {media_type: _content({"type": kind}, operation.example)}
        case shape:
            success["content"] = {
                "application/json": _content(_ref(shape.__name__), operation.example)
            }
    if operation.is_stream:
        success.setdefault("content", {})[EVENT_STREAM] = _content(
            {"type": "string"}, event_examples.STREAM
        )
    responses = {str(operation.status): success}
    if operation.is_conditional:
        responses["304"] = {"description": "The client has it already (If-None-Match)."}
    for status, kinds in _failures(path, method, operation).items():
        responses[status] = {"$ref": f"#/components/responses/{_response_name(kinds)}"}
    return responses


def _failures(path: str, method: str, operation: Operation) -> dict[str, Kinds]:
    """Status to everything that may go wrong with it."""
    kinds = {*_ANYWHERE, *operation.errors}
    if operation.scope is not None:
        kinds |= {errors.Unauthenticated, errors.InsufficientScope}
    if "{" in path:
        kinds.add(errors.NotFound)
    if operation.body is not None or (method == "post" and operation.scope is not None):
        kinds |= {errors.PayloadTooLarge, errors.UnsupportedMediaType}
    if operation.is_once:
        kinds |= {errors.Conflict, errors.IdempotencyMismatch}
    by_status: dict[int, list[type[CampanaError]]] = {}
    for kind in sorted(kinds, key=lambda kind: (STATUS[kind], kind.code())):
        by_status.setdefault(STATUS[kind], []).append(kind)
    return {str(status): tuple(alike) for status, alike in by_status.items()}


def _response_name(kinds: Kinds) -> str:
    return "_or_".join(kind.code() for kind in kinds)


def _problem_response(kinds: Kinds) -> Json:
    return {
        "description": " ".join(kind().message for kind in kinds),
        "content": {
            PROBLEM_JSON: {
                "schema": _ref(Problem.__name__),
                "examples": {kind.code(): {"value": _problem(kind)} for kind in kinds},
            }
        },
    }


def _problem(kind: type[CampanaError]) -> Json:
    example: Json = {
        "type": f"/docs#{kind.code()}",
        "title": title_of(kind),
        "status": STATUS[kind],
        "detail": kind().message,
        "code": kind.code(),
        "requestId": "4f1c0a9be2d35a77",
    }
    match kind:
        case errors.InvalidParameter:
            example["errors"] = [{"parameter": "pageSize", "message": "must be at most 100"}]
        case errors.PreflightBlocked:
            example["errors"] = [{"pointer": "/channel", "message": "is not chosen"}]
        case _:
            pass
    return example


def _content(schema: Json, example: object) -> Json:
    return {"schema": schema} | ({} if example is None else {"example": example})


def _ref(name: str) -> Json:
    return {"$ref": _REF.format(name=name)}


def _is_patch(operation: Operation) -> bool:
    return operation.id.endswith(".change")


def _patch_name(shape: type[Struct]) -> str:
    return shape.__name__.removesuffix("Document") + "Patch"


def _has_tag(operation: Operation) -> bool:
    return isinstance(operation.answer, type)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _description(schema: Json) -> str | None:
    """A parameter's own description, also when it may be left out."""
    branches = cast("list[Json]", schema.get("anyOf", []))
    found = (each["description"] for each in [schema, *branches] if "description" in each)
    return next(found, None)


def _words(name: str) -> str:
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", name).lower()
    return f"Only those with this {words}."


_PARAMETERS: dict[str, Json] = {
    "X-Request-Id": {
        "name": "X-Request-Id",
        "in": "header",
        "description": "Sent back with the answer and logged; one is made when absent.",
        "schema": {"type": "string", "maxLength": 128},
    },
    "Idempotency-Key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes a repeat harmless: the first answer is given again for 24 hours.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "X-Exclude-PII": {
        "name": "X-Exclude-PII",
        "in": "header",
        "description": "`true` masks numbers, addresses, cards and names in every text.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag of what is being changed, or `*`.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "An ETag: the answer is 304 when nothing has changed.",
        "schema": {"type": "string"},
    },
}

_PARAMETERS["Last-Event-ID"] = {
    "name": "Last-Event-ID",
    "in": "header",
    "description": "Of a stream: the last event seen; it goes on with the next one. "
    "Without it, and without `after` in the query, the stream begins now.",
    "schema": {"type": "string"},
}

_HEADERS: dict[str, Json] = {
    "X-Request-Id": {
        "description": "The id of this request, for logs and support.",
        "schema": {"type": "string"},
    },
    "ETag": {"description": "A strong entity tag.", "schema": {"type": "string"}},
}
