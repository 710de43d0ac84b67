"""A signed link opens one recording, whole or in part, to anybody, until it expires."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from litestar.types import ASGIApp

from campana.blobs import Blobs
from campana.domain.errors import NotFound, SetupError
from campana.services.context import Context
from campana.services.signing import signing_key
from campana.web.api.recordings import part_of
from campana.web.links import Links
from tests.support.database import NOW, FixedClock, SeededEntropy

SOUND = bytes(range(256)) * 2_000
BLOB = "recordings/2026/att_1.wav"
LATER = NOW + timedelta(minutes=15)


@pytest.fixture
def link(app: ASGIApp, context: Context) -> str:
    """The address of a stored recording."""
    assert app
    with context.blobs.writing(BLOB) as file:
        file.write(SOUND)
    links = Links(key=signing_key(context.blobs, context.entropy))
    return "/v1/recordings/" + links.make(BLOB, until=LATER)


async def test_a_recording_comes_whole_without_a_key(
    anonymous: httpx.AsyncClient, link: str
) -> None:
    answer = await anonymous.get(link)
    assert (answer.status_code, answer.content) == (200, SOUND)
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(SOUND))


async def test_a_part_comes_when_asked_for(anonymous: httpx.AsyncClient, link: str) -> None:
    size = len(SOUND)
    for asked, first, last in (
        ("bytes=0-99", 0, 99), ("bytes=100-", 100, size - 1), ("bytes=-100", size - 100, size - 1),
        ("bytes=300000-300001", 300_000, 300_001), (f"bytes=1-{size * 2}", 1, size - 1),
    ):  # fmt: skip
        answer = await anonymous.get(link, headers={"range": asked})
        assert (answer.status_code, answer.content) == (206, SOUND[first : last + 1]), asked
        assert answer.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert answer.headers["content-length"] == str(last - first + 1)


async def test_a_part_outside_is_refused(anonymous: httpx.AsyncClient, link: str) -> None:
    for asked in (f"bytes={len(SOUND)}-", "bytes=-0"):
        answer = await anonymous.get(link, headers={"range": asked})
        assert (answer.status_code, answer.content) == (416, b""), asked
        assert answer.headers["content-range"] == f"bytes */{len(SOUND)}"


def test_a_range_that_makes_no_sense_or_asks_for_several_is_the_whole() -> None:
    for asked in ("", "bytes=-", "bytes=5-2", "bytes=0-1,4-5", "items=0-1", "bytes=a-b", "junk"):
        assert part_of(asked, 10) == (0, 9), asked


async def test_a_link_opens_until_it_expires(
    anonymous: httpx.AsyncClient, link: str, clock: FixedClock
) -> None:
    clock.moment = LATER - timedelta(seconds=1)
    assert (await anonymous.get(link)).status_code == 200
    clock.moment = LATER
    answer = await anonymous.get(link)
    assert (answer.status_code, answer.json()["detail"]) == (404, "this link has expired")


async def test_a_changed_link_opens_nothing(anonymous: httpx.AsyncClient, link: str) -> None:
    head, _, text = link.rpartition("/")
    for position in range(0, len(text), 7):
        letter = "A" if text[position] != "A" else "B"
        changed = text[:position] + letter + text[position + 1 :]
        assert (await anonymous.get(f"{head}/{changed}")).status_code == 404, position
    for made_up in ("x", "A" * 54, "A" * 200, "~~~", text[:-4], text + "AAAA"):
        assert (await anonymous.get(f"{head}/{made_up}")).status_code == 404, made_up


async def test_a_link_to_what_is_gone_opens_nothing(
    anonymous: httpx.AsyncClient, link: str, context: Context
) -> None:
    context.blobs.remove(BLOB)
    assert (await anonymous.get(link)).status_code == 404


async def test_an_empty_file_is_an_empty_answer(
    anonymous: httpx.AsyncClient, context: Context, link: str
) -> None:
    with context.blobs.writing(BLOB) as file:
        file.write(b"")
    answer = await anonymous.get(link)
    assert (answer.status_code, answer.content) == (200, b"")
    ranged = await anonymous.get(link, headers={"range": "bytes=0-"})
    assert ranged.status_code == 416


def test_all_processes_end_up_with_one_key(tmp_path: Path) -> None:
    blobs, entropy = Blobs(root=tmp_path), SeededEntropy()
    first, second = (signing_key(blobs, entropy) for _ in range(2))
    assert first == second
    assert len(first) == 32
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["links"]
    assert (tmp_path / "keys" / "links").stat().st_mode & 0o077 == 0


def test_another_installation_opens_nothing_of_ours(tmp_path: Path) -> None:
    ours, theirs = (
        Links(key=signing_key(Blobs(root=tmp_path / name), SeededEntropy(count=count)))
        for name, count in (("a", 0), ("b", 50))
    )
    link = ours.make(BLOB, until=LATER)
    assert ours.open(link, now=NOW) == BLOB
    with pytest.raises(NotFound):
        theirs.open(link, now=NOW)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("in the way")
    with pytest.raises(SetupError, match="cannot keep a key in"):
        signing_key(Blobs(root=tmp_path), SeededEntropy())
