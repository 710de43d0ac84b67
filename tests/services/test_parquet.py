"""Parquet files as others read them. pyarrow reads them where it is installed; it is 55 MB."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from campana.services.parquet import Field, Type, Writer

COLUMNS: list[tuple[str, Type, list[Any]]] = [
    ("text", Type.TEXT, [None if n % 3 == 0 else f"é{n}" for n in range(300)]),
    ("whole", Type.WHOLE, [n - 5 for n in range(300)]),
    ("number", Type.NUMBER, [n / 3 if n % 7 else None for n in range(300)]),
    ("at", Type.MOMENT, [
        datetime(2026, 1, 1, 12, 0, 0, n, tzinfo=UTC) if n % 2 else None for n in range(300)
    ]),
    ("none", Type.TEXT, [None] * 300),
    *((f"c{n}", Type.TEXT, ["x"] * 300) for n in range(12)),
]  # fmt: skip


def file() -> bytes:
    """Two groups, of 300 rows and of 5."""
    writer = Writer([Field(name=name, type=kind) for name, kind, _ in COLUMNS])
    return b"".join(
        [
            writer.head(),
            writer.group([values for _, _, values in COLUMNS]),
            writer.group([values[:5] for _, _, values in COLUMNS]),
            writer.foot(),
        ]
    )


def test_a_file_begins_and_ends_as_the_format_says() -> None:
    content = file()
    size = int.from_bytes(content[-8:-4], "little")
    assert (content[:4], content[-4:]) == (b"PAR1", b"PAR1")
    footer = content[-8 - size : -8]
    for name, _, _ in COLUMNS:
        assert footer.count(name.encode()) >= 3  # in the schema and in each group
    assert file() == content


def test_pyarrow_reads_what_was_written() -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(file()))
    assert [str(each.type) for each in table.schema][:4] == [
        "string", "int64", "double", "timestamp[us, tz=UTC]",
    ]  # fmt: skip
    read = table.to_pydict()
    assert {name: values + values[:5] for name, _, values in COLUMNS} == read


def test_it_writes_what_pyarrow_was_seen_to_read() -> None:
    """Uncompressed parts only: how small gzip makes a page differs from one zlib to another."""
    writer = Writer([Field(name=name, type=kind) for name, kind, _ in COLUMNS])
    writer.head()
    empty = writer.foot()
    assert hashlib.sha256(empty).hexdigest() == SEEN


SEEN = "54f3dce4e1f1ddde8ae8fbf1cea44f005fd439f20078edf68e8dd175f3a3e6f1"
