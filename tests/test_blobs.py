"""A blob appears whole or not at all, and no key leads out of the directory."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from campana.blobs import Blobs
from campana.domain.errors import NotFound, Unavailable

KEY = "recordings/camp_1/one.wav"


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(root=tmp_path / "blobs")


def everything(blobs: Blobs) -> list[str]:
    return sorted(p.name for p in blobs.root.rglob("*") if p.is_file())


def test_what_was_written_is_read_back(blobs: Blobs) -> None:
    with blobs.writing(KEY) as file:
        file.write(b"RIFF")
    with blobs.opened(KEY) as file:
        assert file.read() == b"RIFF"
    assert everything(blobs) == ["one.wav"]


def test_it_is_not_there_before_it_is_whole(blobs: Blobs) -> None:
    with blobs.writing(KEY) as file:
        file.write(b"RI")
        with pytest.raises(NotFound):
            blobs.opened(KEY)


def test_a_new_one_takes_the_place_of_the_old(blobs: Blobs) -> None:
    for content in (b"old", b"new"):
        with blobs.writing(KEY) as file:
            file.write(content)
    with blobs.opened(KEY) as file:
        assert file.read() == b"new"


@pytest.mark.parametrize("failure", [KeyError("ours"), KeyboardInterrupt()])
def test_nothing_is_left_of_what_was_given_up(blobs: Blobs, failure: BaseException) -> None:
    def give_up() -> None:
        with blobs.writing(KEY) as file:
            file.write(b"RI")
            raise failure

    with pytest.raises(type(failure)):
        give_up()
    assert everything(blobs) == []


def test_a_full_disk_says_where_and_leaves_the_old_one(blobs: Blobs) -> None:
    with blobs.writing(KEY) as file:
        file.write(b"old")
    with pytest.raises(Unavailable, match=r"one\.wav: No space left on device"), blobs.writing(KEY):
        raise OSError(errno.ENOSPC, "No space left on device")
    with blobs.opened(KEY) as file:
        assert file.read() == b"old"
    assert everything(blobs) == ["one.wav"]


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file is in the way")
    with (
        pytest.raises(Unavailable, match="cannot write"),
        Blobs(root=tmp_path / "blobs").writing(KEY),
    ):
        pytest.fail("there is nowhere to write")


@pytest.mark.parametrize(
    "key", ["../outside", "recordings/../../outside", "/etc/passwd", "", ".", "recordings/.."]
)
def test_no_key_leads_out_of_the_directory(blobs: Blobs, key: str) -> None:
    for use in (blobs.path, blobs.opened, blobs.remove):
        with pytest.raises(NotFound):
            use(key)


def test_a_link_out_of_the_directory_is_not_followed(blobs: Blobs, tmp_path: Path) -> None:
    blobs.root.mkdir()
    (blobs.root / "way").symlink_to(tmp_path)
    with pytest.raises(NotFound):
        blobs.opened("way/outside")


@pytest.mark.parametrize("key", ["recordings/camp_1", KEY + "/below"])
def test_what_is_no_file_is_not_found(blobs: Blobs, key: str) -> None:
    with blobs.writing(KEY):
        pass
    with pytest.raises(NotFound):
        blobs.opened(key)


def test_removing_twice_is_removing(blobs: Blobs) -> None:
    with blobs.writing(KEY):
        pass
    blobs.remove(KEY)
    blobs.remove(KEY)
    with pytest.raises(NotFound):
        blobs.opened(KEY)


def test_what_cannot_be_removed_says_so(blobs: Blobs) -> None:
    blobs.path(KEY).mkdir(parents=True)
    with pytest.raises(Unavailable, match="cannot remove"):
        blobs.remove(KEY)
