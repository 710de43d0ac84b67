"""Names of things: how they are made, shown and read back."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain.ids import attempt_of, attempt_text, number_of, numbered, public_id, uuid7

CROCKFORD = set("0123456789abcdefghjkmnpqrstvwxyz")


@given(st.binary(min_size=10, max_size=10))
def test_a_public_id_is_sixteen_letters_of_crockfords_base_32(entropy: bytes) -> None:
    prefix, _, letters = public_id("camp", entropy).partition("_")
    assert prefix == "camp"
    assert len(letters) == 16
    assert set(letters) <= CROCKFORD


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_different_bytes_make_different_ids(one: bytes, other: bytes) -> None:
    assert (public_id("camp", one) == public_id("camp", other)) is (one == other)


@pytest.mark.parametrize("size", [0, 9, 11])
def test_a_public_id_takes_ten_bytes(size: int) -> None:
    with pytest.raises(ValueError, match="ten random bytes"):
        public_id("camp", bytes(size))


@given(st.integers(0, 10**18 - 1))
def test_a_number_is_read_back_from_how_it_is_shown(number: int) -> None:
    assert number_of("tgt", numbered("tgt", number)) == number


@pytest.mark.parametrize(
    "shown",
    ["", "tgt", "tgt_", "ctc_41", "tgt_-1", "tgt_+1", "tgt_4 1", "tgt_4_1", "tgt_\u0664\u0661",
     "tgt_\u00b2", "tgt_0x1f", "TGT_41", "tgt_1\n", "41", "tgt_" + "9" * 19],
)  # fmt: skip
def test_what_is_no_number_of_ours_is_none(shown: str) -> None:
    assert number_of("tgt", shown) is None


@given(st.uuids())
def test_an_attempt_is_read_back_from_how_it_is_shown(attempt_id: UUID) -> None:
    assert attempt_of(attempt_text(attempt_id)) == attempt_id


HEX = "019cd86dbd007000800000000000000a"


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "att_",
        HEX,
        "att_" + HEX[:-1],
        "att_" + HEX.upper(),
        "att_{" + HEX[2:] + "}",
        "att_0_1" + HEX[3:],
        "att_+" + HEX[1:],
        "tgt_" + HEX,
        "att_" + "z" * 32,
        "att_019cd86d-bd00-7000-8000-00000000000a",
    ],
)
def test_what_is_no_attempt_of_ours_is_none(shown: str) -> None:
    assert attempt_of(shown) is None


moments = st.integers(0, 2**48 - 1)
randomness = st.binary(min_size=10, max_size=10)


@given(moments, randomness, moments, randomness)
def test_uuids_of_different_milliseconds_sort_by_time(
    early: int, one: bytes, late: int, other: bytes
) -> None:
    if early != late:
        assert (uuid7(early, one) < uuid7(late, other)) is (early < late)


@given(moments, randomness)
def test_a_uuid_is_of_version_seven_and_tells_its_time(unix_ms: int, entropy: bytes) -> None:
    made = uuid7(unix_ms, entropy)
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == unix_ms
