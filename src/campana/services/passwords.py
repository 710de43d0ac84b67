"""Passwords: argon2id, worked out in a thread, so that nobody else waits for it.

The cost is the first recommendation of RFC 9106 for memory-constrained machines: 64 MiB, three
passes. Who is unknown costs as much as who is known: the time of an answer tells nobody apart.
"""

from __future__ import annotations

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD, MAX_PASSWORD = 12, 200
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
_AT_ONCE = asyncio.Semaphore(4)
"""64 MiB each: a flood of guesses must not take the machine's memory."""

# The hash of a text nobody knows: what an unknown person's guess is checked against.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$m6hvadbTzZ8i1vffTjXeGQ$"
    "bCa3D1rqvfezWmIbjK5/QCPclH+FTrR2NNoG5wLO/y0"
)


def problem_of(password: str) -> str | None:
    """What keeps a text from being a password; length is what makes one strong."""
    if len(password) < MIN_PASSWORD:
        return f"must have at least {MIN_PASSWORD} characters"
    if len(password) > MAX_PASSWORD:
        return f"must have at most {MAX_PASSWORD} characters"
    if len(set(password)) < 5:
        return "must not be the same few characters over and over"
    return None


async def hashed(password: str) -> str:
    """What is stored of a password."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_HASHER.hash, password)


async def is_right(password: str, stored: str | None) -> bool:
    """Whether it is the password of `stored`; None (nobody) takes as long and is never right."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_verify, password, stored)


def _verify(password: str, stored: str | None) -> bool:
    try:
        _HASHER.verify(stored or _NOBODY, password[:MAX_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None
