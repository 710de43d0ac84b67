"""The order in which people write what is stored with its names in no order of theirs."""

from __future__ import annotations

from typing import Any, cast

_RANKS = {
    name: rank
    for rank, name in enumerate(
        (
            "name", "share", "holdOut", "id", "version", "type", "greeting", "disclosure", "text",
            "answer", "keys", "on", "saveAs", "skip", "next", "otherwise",
        )
    )
}  # fmt: skip


def in_order(value: Any) -> Any:  # noqa: ANN401 - any plain value
    """The same values: what a thing is called first, what it does next, its steps last."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        ranked = sorted(named, key=lambda key: (_RANKS.get(key, 50), key in ("steps", "questions")))
        return {key: in_order(named[key]) for key in ranked}
    if isinstance(value, list):
        return [in_order(each) for each in cast("list[Any]", value)]
    return value
