"""The interpreter, loaded when the first flow needs it.

Its libraries for CEL and Liquid take as long to load as much of a command; few commands talk.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from campana.flow.inputs import Input
from campana.flow.session import Contact, Session, Trigger

if TYPE_CHECKING:
    from campana.flow.definition import Flow
    from campana.flow.interpreter import Sprint


def load(document: object) -> Flow:
    """A definition that can be run.

    Raises:
        InvalidParameter: with every problem, each by its JSON pointer.
    """
    from campana.flow import definition

    return definition.load(document)


def start(flow: Flow, contact: Contact, trigger: Trigger, now: datetime) -> Sprint:
    """Begin at the start node."""
    from campana.flow import interpreter

    return interpreter.start(flow, contact, trigger, now)


def resume(flow: Flow, session: Session, told: Input, now: datetime) -> Sprint:
    """Go on with what was told.

    Raises:
        VersionMismatch: the session began on another definition.
    """
    from campana.flow import interpreter

    return interpreter.resume(flow, session, told, now)
