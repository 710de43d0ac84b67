"""Everything wrong with a bot at once, also where parts of it cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from campana.domain.errors import InvalidParameter
from campana.services import voicebots

END = {"type": "end", "id": "end", "text": "Goodbye."}


def told(*steps: Any, **changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidParameter) as caught:
        voicebots.load({"name": "A", "greeting": "Hello.", "steps": [*steps], **changes})
    return {each.pointer or "": each.message for each in caught.value.problems}


def test_shapes_links_ids_and_ranges_are_told_together() -> None:
    found = told(
        {"type": "say", "id": "a", "text": "Hello.", "next": "nowhere"},
        {"type": "ask", "id": "q", "text": "?", "keys": {"1": "there"}, "timeoutSeconds": "long"},
        {"type": "ask", "id": "r", "keys": {"1": "end"}},
        {"type": "wat", "id": "t"},
        {"type": "say", "id": "a", "text": "{{ 1 }}"},
        {"type": "branch", "id": "b", "on": "what", "cases": {"1": "end"}, "more": 1},
        {"type": "tool", "id": "u", "url": "http://10.0.0.1/", "timeoutSeconds": 90},
        END,
        maxSeconds=1,
        transferTo="desk",
    )
    assert set(found) == {
        "/maxSeconds", "/transferTo", "/steps/0/next", "/steps/1/timeoutSeconds",
        "/steps/1/keys/1", "/steps/2/text", "/steps/3/type", "/steps/4/id", "/steps/4/text",
        "/steps/5/more", "/steps/5/on", "/steps/6/timeoutSeconds", "/steps/6/url",
        "/steps/6/otherwise",
    }  # fmt: skip
    assert found["/steps/0/next"] == "there is no step 'nowhere'"


@pytest.mark.parametrize(
    ("steps", "changes", "pointers"),
    [
        # Named is a step that cannot be read, and what it would save.
        (
            (
                {"type": "say", "id": "a", "text": "{{ saved.x }}", "next": "b"},
                {"type": "wat", "id": "b", "saveAs": "x"},
                END,
            ),
            {},
            {"/steps/1/type"},
        ),
        # Its only key is none.
        (
            ({"type": "ask", "id": "a", "text": "?", "keys": {"x": "end"}}, END),
            {},
            {"/steps/0/keys/x"},
        ),
        (({"type": "transfer", "id": "a"},), {"transferTo": 7}, {"/transferTo"}),
        (("no step", END), {}, {"/steps/0"}),
        (({"type": "say", "id": "a b", "text": "A", "next": "end"}, END), {}, {"/steps/0/id"}),
        # Without its way out it is the last step that goes on.
        (({"type": "say", "id": "a", "text": "A", "next": 7},), {}, {"/steps/0/next"}),
        ((END,), {"prompt": {"goal": 7}}, {"/prompt/goal"}),
        ((END,), {"greeting": 7}, {"/greeting"}),
        ((), {}, {"/steps"}),
        ((END,), {"steps": {}}, {"/steps"}),
    ],
)
def test_what_is_only_because_of_a_part_that_cannot_be_read_is_not_told(
    steps: tuple[Any, ...], changes: dict[str, Any], pointers: set[str]
) -> None:
    assert set(told(*steps, **changes)) == pointers
