"""Flows: every error at its line, published, compared, and talked to before anybody hears them."""

from __future__ import annotations

import re
from html import unescape

from campana.domain.role import Role
from campana.services import documents
from campana.web.console import flow_text
from campana.web.flow_examples import DEFINITION
from tests.web.console.conftest import EVIL, Browser, Visit

TEXT = """\
name: Feedback
nodes:
  begin: {type: start, next: ask}
  ask: {type: send_message, text: "Hello {{ contact.first_name }}, how was it? %s", next: wait}
  wait: {type: wait_for_response, timeoutSeconds: 3600, onTimeout: done, next: done}
  done: {type: end}
"""


def typed(page: str) -> str:
    """What stands in the editor."""
    [found] = re.findall(r'name="text"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    return unescape(found)


async def test_a_flow_is_written_checked_published_and_compared(owner: Browser) -> None:
    assert "No flow yet" in (await owner.get("/flows")).text
    assert (await owner.post("/flows", name=" ")).status_code == 400
    path = (await owner.post("/flows", name="Feedback")).headers["location"]
    first = typed((await owner.get(path)).text)
    assert first.startswith("name: Feedback\nnodes:\n  begin:\n    type: start\n")
    bad = first.replace("send_message", "send_mesage").replace("next: done", "next: nowhere")
    told = (await owner.post(f"{path}/try", text=bad, then="check")).text
    assert re.search(r"Line 7 <code>/nodes/hello/type</code>", told), told
    assert typed(told) == bad
    refused = await owner.post(path, text=bad, then="publish")
    assert refused.status_code == 400
    assert "Line 7" in refused.text
    assert (await owner.post(f"{path}/try", text="a: [", then="check")).text.count("Line ") == 1
    unreadable = await owner.post(path, text="a: [", then="save")
    assert unreadable.status_code == 400
    assert (await owner.post(path, text=bad, then="save")).status_code == 303
    assert (await owner.post(path, text=first, then="publish")).status_code == 303
    second = first.replace("Hello!", f"Good day {EVIL}")
    late = await owner.post(path, text=second, then="publish", revision="1")
    assert late.status_code == 412
    assert (await owner.post(path, text=second, then="publish")).status_code == 303
    shown = (await owner.get(path)).text
    assert "Version 2 is published" in shown
    assert EVIL not in shown
    changed = (await owner.get(f"{path}/difference?from=1&to=2")).text
    assert "Good day &lt;script&gt;" in changed
    assert "Hello!" in changed
    assert EVIL not in changed
    assert "they are the same" in (await owner.get(f"{path}/difference?from=2&to=draft")).text
    assert (await owner.get(f"{path}/difference?from=9")).status_code == 404
    assert "Hello!" in typed((await owner.get(f"{path}?version=1")).text)
    assert (await owner.post(f"{path}/delete")).status_code == 409
    assert "version 2" in (await owner.get("/flows")).text


async def test_a_flow_is_talked_to_before_it_is_saved(owner: Browser) -> None:
    await owner.get("/flows")
    path = (await owner.post("/flows", name="Feedback")).headers["location"]
    text = TEXT % EVIL
    sent = {"text": text, "person": "first_name: Bruno"}
    begun = (await owner.post(f"{path}/try", then="restart", **sent)).text
    assert "Hello Bruno, how was it? &lt;script&gt;" in begun, begun
    # While it talks, the drawing stands beside it and the text below.
    places = [begun.index(each) for each in ('id="drawing"', 'id="chat"', 'id="f-text"')]
    assert places == sorted(places)
    at_rest = (await owner.get(path)).text
    places = [at_rest.index(each) for each in ('id="f-text"', 'id="chat"', 'id="drawing"')]
    assert places == sorted(places)
    assert EVIL not in begun
    answered = await owner.post(
        f"{path}/try", then="tell", what="reply", words=f"Fine {EVIL}", **sent
    )
    assert "Fine &lt;script&gt;" in answered.text
    assert "It ended" in answered.text
    assert EVIL not in answered.text
    waited = (await owner.post(f"{path}/try", then="tell", what="timedOut", **sent)).text
    assert "Time passed" in waited
    assert "It ended" in waited
    wrong = await owner.post(f"{path}/try", then="tell", what="nonsense", **sent)
    assert "nothing that can be told" in wrong.text
    assert "Hello!" in typed((await owner.get(path)).text), "trying stores nothing"


async def test_an_analyst_may_try_and_not_write(owner: Browser, visit: Visit) -> None:
    await owner.get("/flows")
    path = (await owner.post("/flows", name="Feedback")).headers["location"]
    browser = await visit(Role.ANALYST)
    shown = (await browser.get(path)).text
    assert "Save and publish" not in shown
    tried = await browser.post(f"{path}/try", then="restart", text=typed(shown))
    assert "Hello!" in tried.text
    assert (await browser.post(path, then="save", text="name: x")).status_code == 403


def test_a_definition_reads_from_its_start_and_stays_the_same() -> None:
    text = flow_text.text_of(DEFINITION)
    assert documents.read_yaml(text) == DEFINITION
    assert text.startswith("name:")
    [first, *_] = re.findall(r"^  (\w+):\n    type: (\w+)", text, re.MULTILINE)
    assert first[1] == "start"
