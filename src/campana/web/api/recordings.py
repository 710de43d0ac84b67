"""`/v1/recordings/{link}`: the sound itself, or a range of it, for whoever holds a link."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from typing import BinaryIO, cast

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from campana.domain.errors import NotFound
from campana.web.links import Links
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest

_CHUNK = 1 << 18
_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII)


@get(
    "/recordings/{link:str}",
    opt=promise(
        Operation(
            "recordings.get",
            "Download a recording; the link is the permission",
            scope=None,
            answer="audio/wav",
            errors=(NotFound,),
            headers={"Accept-Ranges": "`bytes`: a Range header is answered with 206."},
        )
    ),
)
async def get_recording(request: ApiRequest, link: FromPath[str]) -> Response[bytes] | Stream:
    links = cast("Links", request.app.state["links"])
    blob = links.open(link, now=request.context.clock.now())
    file = await asyncio.to_thread(request.context.blobs.opened, blob)
    size = os.fstat(file.fileno()).st_size
    headers = {"accept-ranges": "bytes", "cache-control": "private, max-age=900"}
    asked = request.headers.get("range", "")
    part = part_of(asked, size)
    if part is None:
        file.close()
        headers["content-range"] = f"bytes */{size}"
        return Response(b"", status_code=416, media_type="audio/wav", headers=headers)
    first, last = part
    headers["content-length"] = str(last - first + 1)
    is_part = (first, last) != (0, size - 1)
    if is_part:
        headers["content-range"] = f"bytes {first}-{last}/{size}"
    return Stream(
        _bytes(file, first, last - first + 1),
        status_code=206 if is_part else 200,
        media_type="audio/wav",
        headers=headers,
    )


def part_of(asked: str, size: int) -> tuple[int, int] | None:
    """First and last byte a Range header asks for; all when it makes no sense or asks for several.

    None is a range outside the file: 416 (RFC 9110 section 14).
    """
    match = _RANGE.fullmatch(asked.strip())
    if match is None or match[0] == "bytes=-":
        return 0, size - 1
    first, last = match[1], match[2]
    if not first:
        wanted = int(last)
        return (max(0, size - wanted), size - 1) if wanted and size else None
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return 0, size - 1
    return (start, end) if start < size else None


async def _bytes(file: BinaryIO, start: int, length: int) -> AsyncIterator[bytes]:
    try:
        await asyncio.to_thread(file.seek, start)
        while length > 0 and (piece := await asyncio.to_thread(file.read, min(_CHUNK, length))):
            length -= len(piece)
            yield piece
    finally:
        file.close()


ROUTES = [get_recording]
