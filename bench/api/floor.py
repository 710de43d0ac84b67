"""The floor: a body made beforehand, by the framework and server Campana uses, and nothing else.

No key is looked at and no layer lies around it: what an answer of this size costs at the least.
"""

from __future__ import annotations

from litestar import Litestar, Response, get

_BODIES: dict[int, bytes] = {}


@get("/static/{size:int}")
async def static(size: int) -> Response[bytes]:
    """A JSON string of `size` bytes."""
    body = _BODIES.get(size)
    if body is None:
        body = _BODIES[size] = b'"' + b"x" * (size - 2) + b'"'
    return Response(body, media_type="application/json")


app = Litestar([static], openapi_config=None, logging_config=None)
