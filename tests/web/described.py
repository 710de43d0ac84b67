"""Every operation the API describes, so that a test about all of them forgets none."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCUMENT_FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
DOCUMENT: dict[str, Any] = json.loads(DOCUMENT_FILE.read_text("utf-8"))


@dataclass(frozen=True, kw_only=True)
class Described:
    """One operation of `docs/openapi.json`."""

    id: str
    method: str
    path: str
    scope: str
    body: dict[str, Any] | None

    def url(self, **ids: str) -> str:
        """Its address; ids not given are none of ours."""
        return re.sub(r"\{(\w+)\}", lambda match: ids.get(match[1], "none_such"), self.path)

    @property
    def ids(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.path)

    def __str__(self) -> str:
        return self.id


def _operations() -> list[Described]:
    return [
        Described(
            id=operation["operationId"],
            method=method.upper(),
            path=path,
            scope=next((s["bearer"][0] for s in operation["security"] if "bearer" in s), ""),
            body=operation.get("requestBody", {}).get("content"),
        )
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    ]


OPERATIONS = _operations()
PROTECTED = [operation for operation in OPERATIONS if operation.scope]
