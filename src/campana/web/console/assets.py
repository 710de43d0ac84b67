"""Files of the pages: style, scripts, fonts, pictures. Their address holds their hash, so that a
browser keeps them for good and an upgrade is seen at once.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import mimetypes
from importlib import resources
from importlib.resources.abc import Traversable

from litestar import Response, get
from litestar.params import FromPath

from campana.domain.errors import NotFound
from campana.web.console.requests import PUBLIC, PageRequest, needs

_ROOT = resources.files("campana.web.console") / "static"
_TYPES = {".woff2": "font/woff2", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_TEXTS = {".css", ".js", ".svg"}


@functools.cache
def files() -> dict[str, bytes]:
    """Every file by its path below `static`, read once."""
    return dict(_walk(_ROOT, ""))


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for each in folder.iterdir():
        name = prefix + each.name
        found += _walk(each, name + "/") if each.is_dir() else [(name, each.read_bytes())]
    return found


@functools.cache
def _squeezed(path: str) -> bytes:
    return gzip.compress(files()[path], 9, mtime=0)


@functools.cache
def asset(name: str) -> str:
    """The address of a file.

    Raises:
        KeyError: there is no such file.
    """
    version = hashlib.sha256(files()[name]).hexdigest()[:10]
    return f"/static/{version}/{name}"


def beside(name: str, other: str) -> str:
    """The address that a style sheet gives a file it names: a preload must be of the same one."""
    if other not in files():
        raise KeyError(other)
    return asset(name).removesuffix(name) + other


@get("/static/{version:str}/{name:path}", opt=needs(PUBLIC))
async def show_asset(
    request: PageRequest, version: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    del version  # only there to be another address after an upgrade
    path = str(name).lstrip("/")
    if path not in files():
        raise NotFound
    suffix = "." + path.rpartition(".")[2]
    kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "accept-encoding"}
    body = files()[path]
    if suffix in _TEXTS and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        body = _squeezed(path)
    return Response(body, media_type=kind, headers=headers)


ROUTES = [show_asset]
