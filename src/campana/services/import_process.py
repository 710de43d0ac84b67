"""A large file's rows, read in a process of its own: sends on time while millions are read.

Reading takes the processor without a pause. In a thread it holds the interpreter for milliseconds
at a time, which the dispatcher beside it needs for its moments, and the rows are stored no sooner
than they are read. Here they come ready to be stored, a chunk ahead; whoever meets nobody is never
unpacked.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import IO, BinaryIO, cast

import msgspec
from msgspec import Struct

from campana.domain.contact import AttributeValue, BareContact, NewContact, key_of
from campana.domain.errors import InvalidParameter, Unavailable
from campana.services import columns, formats, import_chunks
from campana.services.import_chunks import BareChunk, Chunk
from campana.services.seen import Seen
from campana.services.table import TableProblem
from campana.services.values import AttributeType
from campana.store.imports import RejectedRow
from campana.store.prepared import Prepared, prepare

_YOUNG_OBJECTS = 50_000
"""Made before the collector looks for circles: rows are many objects and no circles."""


class Order(Struct, frozen=True, kw_only=True):
    """What is to be read, and how.

    `needs_cells`: rows go back as they stood, for whoever may have to refuse one. `prepares`: the
    rows of a chunk are made ready to be stored. `meets_itself`: the list was empty before the
    file, which has `file_bytes`; rows that share nothing with others are then prepared alone.
    """

    key: str
    mapping: Mapping[str, str]
    types: Mapping[str, AttributeType]
    country: str | None
    rows_done: int
    chunk_rows: int
    needs_cells: bool
    prepares: bool
    meets_itself: bool = False
    file_bytes: int = 0


class _Rows(Struct, frozen=True, array_like=True, tag="rows"):
    row_numbers: Sequence[int]
    external_ids: Sequence[str | None]
    keys: Sequence[list[str]]
    packed: Sequence[bytes]
    cells: Sequence[Sequence[AttributeValue]] | None
    rejected: list[RejectedRow]
    bytes_done: int
    prepared: Prepared | None
    unmet: int
    places: Sequence[int] | None


class _Problem(Struct, frozen=True, array_like=True, tag="problem"):
    reason: str


_LENGTH_BYTES = 4
_ENCODER = msgspec.msgpack.Encoder()
_MESSAGES = msgspec.msgpack.Decoder(_Rows | _Problem)
_PEOPLE = msgspec.msgpack.Decoder(BareContact)


class _Packed:
    """A row that could be a contact, unpacked when somebody asks for all of it."""

    __slots__ = ("_cells", "_contact", "_packed", "external_id", "keys", "row_number")

    def __init__(
        self,
        row_number: int,
        external_id: str | None,
        keys: list[str],
        packed: bytes,
        cells: Sequence[AttributeValue],
    ) -> None:
        self.row_number, self.external_id, self.keys = row_number, external_id, keys
        self._packed, self._cells = packed, cells
        self._contact: NewContact | None = None

    @property
    def contact(self) -> NewContact:
        if self._contact is None:
            self._contact = NewContact.of(_PEOPLE.decode(self._packed))
        return self._contact

    @property
    def cells(self) -> Sequence[AttributeValue]:
        return self._cells


def chunks(file: BinaryIO, order: Order) -> Generator[Chunk]:
    """The rows behind the first `order.rows_done`, as `import_chunks.chunks` hands them out.

    Blocks while the next chunk is not there. The process ends with the iterator, or soon after
    whoever holds it has died.

    Raises:
        TableProblem: why the file is no table, or has too many rows.
        Unavailable: the process was killed; what was handed out is as it is.
        RuntimeError: the process failed, by a mistake of ours: it would do so again.
    """
    words = [sys.executable, "-m", __name__, msgspec.json.encode(order).decode()]
    with subprocess.Popen(words, stdin=file, stdout=subprocess.PIPE) as process:
        try:
            while message := _received(cast("IO[bytes]", process.stdout)):
                if isinstance(message, _Problem):
                    raise TableProblem(message.reason)
                yield _chunk(message)
            code = process.wait()
            if code < 0:
                raise Unavailable("the process that reads the file was ended")
            if code > 0:
                raise RuntimeError("the process that reads the file failed; the log says why")
        finally:
            process.kill()


def _received(pipe: IO[bytes]) -> _Rows | _Problem | None:
    length = pipe.read(_LENGTH_BYTES)
    body = pipe.read(int.from_bytes(length))
    is_whole = len(length) == _LENGTH_BYTES and len(body) == int.from_bytes(length)
    return _MESSAGES.decode(body) if is_whole else None


def _chunk(rows: _Rows) -> Chunk:
    cells = rows.cells if rows.cells is not None else ((),) * len(rows.packed)
    return Chunk(
        given=list(
            map(_Packed, rows.row_numbers, rows.external_ids, rows.keys, rows.packed, cells)
        ),
        rejected=rows.rejected,
        bytes_done=rows.bytes_done,
        prepared=rows.prepared,
        unmet=rows.unmet,
        places=rows.places,
    )


def _packed(chunk: BareChunk, order: Order, seen: Seen | None) -> _Rows:
    people = [person for _, person, _ in chunk.given]
    prepared = prepare(people) if order.prepares else None
    rows, places = chunk.given, None
    if seen is not None:
        places = seen.meeting(people)
        rows = [rows[place] for place in places]
    return _Rows(
        row_numbers=[number for number, _, _ in rows],
        external_ids=[person[0] for _, person, _ in rows],
        keys=[[key_of(kind, value) for kind, value, *_ in person[-1]] for _, person, _ in rows],
        packed=[_ENCODER.encode(person) for _, person, _ in rows],
        cells=[cells for _, _, cells in rows] if order.needs_cells else None,
        rejected=chunk.rejected,
        bytes_done=chunk.bytes_done,
        prepared=prepared,
        unmet=len(chunk.given) - len(rows),
        places=places,
    )


def _read(file: BinaryIO, order: Order) -> Iterator[_Rows | _Problem]:
    try:
        with formats.opened(file, key=order.key) as table:
            meaning = columns.read_header(table.header, order.mapping, order.types)
            found = import_chunks.bare_chunks(
                table,
                meaning,
                country=order.country,
                rows_done=order.rows_done,
                chunk_rows=order.chunk_rows,
            )
            seen = Seen(order.file_bytes) if order.meets_itself else None
            for chunk in found:
                yield _packed(chunk, order, seen)
    except (TableProblem, InvalidParameter) as error:
        yield _Problem(str(error))
    except OSError as error:
        yield _Problem(f"the uploaded file cannot be read: {error.strerror}")


def main() -> None:
    """Read standard input as the order of the first argument says; chunks go to standard output."""
    gc.set_threshold(_YOUNG_OBJECTS, 20, 100)
    order = msgspec.json.decode(sys.argv[1], type=Order)
    with os.fdopen(0, "rb") as file, os.fdopen(1, "wb") as pipe:
        for message in _read(file, order):
            body = _ENCODER.encode(message)
            try:
                pipe.write(len(body).to_bytes(_LENGTH_BYTES))
                pipe.write(body)
                pipe.flush()
            except BrokenPipeError:
                # Nobody wants the rest; closing would try to write it once more.
                os._exit(0)


if __name__ == "__main__":
    main()
