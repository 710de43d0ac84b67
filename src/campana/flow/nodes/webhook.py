"""Asks a program, and waits for its answer.

`credential` names stored credentials; the flow never sees them. A status of 2xx goes to `next`,
anything else to `onFailure`. `saveAs` keeps the answer's status and JSON body: with it, a body that
is no JSON goes to `onFailure` too; none at all does not.

    {"type": "webhook", "method": "POST", "url": "https://crm.example/orders/{{ trigger.orderId }}",
     "body": {"answer": "{{ reply }}"}, "credential": "crm", "timeoutSeconds": 10,
     "saveAs": "order", "next": "tell", "onFailure": "sorry"}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal

from campana.flow import reader, shapes
from campana.flow.events import CallWebhook
from campana.flow.inputs import Input, TimedOut, WebhookAnswered
from campana.flow.marks import Exit, VariableName
from campana.flow.nodes.wait_for_response import WAYOUT
from campana.flow.run import FlowFailed, Node, Run
from campana.flow.session import Wait
from campana.flow.shapes import Like, Range
from campana.flow.texts import Template, UrlTemplate

HeaderName = Annotated[str, Like(r"[A-Za-z0-9-]{1,64}", "must be a header's name")]
Key = Annotated[str, Range(1, 100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(Node):
    """Values in the URL are percent-encoded; its host is written out."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: UrlTemplate
    headers: Annotated[Mapping[HeaderName, Template], Range(0, 20)] = field(
        default_factory=dict[str, Template]
    )
    body: Mapping[Key, Template] | None = None
    credential: Annotated[str, Range(1, 100)] | None = None
    timeout: Annotated[timedelta, Range(1, 60)] = field(metadata=WAYOUT)
    save_as: VariableName | None = None
    next: Exit
    on_failure: Exit = field(metadata=WAYOUT)

    def check(self) -> Iterable[tuple[str, str]]:
        """A GET has no body; secrets are credentials, not headers."""
        if self.method == "GET" and self.body is not None:
            yield "body", "means nothing with GET"
        for name in self.headers:
            if name.lower() in {"authorization", "cookie", "host", "content-length"}:
                yield f"headers/{name}", "is not for a flow to set; use a credential"

    def pauses(self) -> bool:
        """Always."""
        return True

    def enter(self, run: Run) -> Wait:
        """Ask."""
        headers = {name: run.render(text) for name, text in self.headers.items()}
        if not all(value.isprintable() for value in headers.values()):
            raise FlowFailed("a header would have a line break in it")
        body = None
        if self.body is not None:
            body = {key: text.render(run.values) for key, text in self.body.items()}
        url = run.render(self.url)
        wait = run.wait("webhook", timeout=self.timeout)
        run.emit(
            CallWebhook(
                wait=wait.number,
                method=self.method,
                url=url,
                headers=headers,
                body=body,
                credential=self.credential,
                timeout=self.timeout,
            )
        )
        return wait

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """The answer, or none in time; one too deep or too large to keep is a failure."""
        del wait
        match told:
            case WebhookAnswered():
                reading = shapes.Reading()
                reader.read_json(told.body, at="", reading=reading)
                if reading.problems:
                    run.note(f"the answer {reading.problems[0].message}")
                    return self.on_failure
                try:
                    run.save(self.save_as, {"status": told.status, "body": told.body})
                except FlowFailed as error:
                    run.note(str(error))
                    return self.on_failure
                is_good = told.status is not None and 200 <= told.status < 300
                if is_good and self.save_as is not None and not told.is_json:
                    run.note("the answer is not JSON")
                    return self.on_failure
                return self.next if is_good else self.on_failure
            case TimedOut():
                return self.on_failure
            case _:
                return None
