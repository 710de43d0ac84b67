"""What people type to find something, as a pattern of LIKE."""

from __future__ import annotations


def containing(words: str) -> str:
    """Matches whatever has these words in it, as they are: `%` and `_` mean themselves."""
    literal = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{literal}%"
