"""Sends a text, with buttons or a picture where the channel has them.

{"type": "send_message", "text": "Hello {{ contact.first_name }}, shall we come on Monday?",
 "quickReplies": [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "No"}],
 "next": "answer"}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from campana.flow.events import QuickReply, SendMessage
from campana.flow.marks import Exit
from campana.flow.run import Run
from campana.flow.sending import Sending
from campana.flow.session import Wait
from campana.flow.shapes import Like, Range
from campana.flow.texts import Template, UrlTemplate

ID = Annotated[str, Like(r"[A-Za-z0-9_.-]{1,64}", "must be letters, digits, _, . and -")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A quick reply; `id` comes back with it."""

    id: ID
    title: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessageNode(Sending):
    """Without a channel it goes out on the one the conversation is on."""

    text: Template
    quick_replies: Annotated[tuple[Button, ...], Range(0, 10)] = ()
    media_url: UrlTemplate | None = None

    def enter(self, run: Run) -> Exit | Wait:
        """Ask for the message; go on, or wait for word of it."""
        buttons = tuple(
            QuickReply(id=button.id, title=run.render(button.title))
            for button in self.quick_replies
        )
        message = run.emit(
            SendMessage(
                text=run.render(self.text),
                channel=self.channel,
                quick_replies=buttons,
                media_url=run.render(self.media_url) if self.media_url else None,
            )
        )
        return self.sent(run, message)
