"""Sends a template that the provider has approved, such as WhatsApp asks for outside its 24 hours.

{"type": "send_template", "template": "appointment_reminder", "language": "en",
 "values": {"1": "{{ contact.first_name }}"}, "confirm": "delivered", "timeoutSeconds": 3600,
 "onFailure": "by_sms", "next": "answer"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from campana.flow.events import SendTemplate
from campana.flow.marks import Exit
from campana.flow.run import Run
from campana.flow.sending import Sending
from campana.flow.session import Wait
from campana.flow.shapes import Like, Range
from campana.flow.texts import Template

Place = Annotated[str, Like(r"\w{1,64}", "must be letters, digits and _")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTemplateNode(Sending):
    """`values` fills the template's places by name or number; an empty one cannot be sent."""

    template: Annotated[str, Range(1, 200)]
    language: Annotated[str, Range(1, 20)] | None = None
    values: Mapping[Place, Template] = field(default_factory=dict[str, Template])

    def enter(self, run: Run) -> Exit | Wait:
        """Ask for the message; go on, or wait for word of it."""
        values = {place: run.render(text) for place, text in self.values.items()}
        message = run.emit(
            SendTemplate(
                template=self.template,
                language=self.language,
                values=values,
                channel=self.channel,
            )
        )
        return self.sent(run, message)
