"""Calls the contact with a VoiceBot, and goes where the call's outcome says.

{"type": "voice_call", "bot": "reminder", "cases": {"completed": "thanks", "busy": "later"},
 "otherwise": "by_sms", "timeoutSeconds": 86400, "onTimeout": "by_sms", "saveAs": "call"}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from campana.domain.disposition import Disposition
from campana.flow.events import StartCall
from campana.flow.inputs import CallEnded, Input, TimedOut
from campana.flow.marks import Exit, VariableName
from campana.flow.nodes.wait_for_response import WAYOUT
from campana.flow.run import Node, Run
from campana.flow.sending import DAY
from campana.flow.session import Wait
from campana.flow.shapes import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceCall(Node):
    """`saveAs` keeps the disposition, the result and the answers.

    The time includes waiting for an hour when calling is allowed.
    """

    bot: Annotated[str, Range(1, 200)]
    cases: Mapping[Disposition, Exit] = field(default_factory=dict[Disposition, Exit])
    otherwise: Exit
    timeout: Annotated[timedelta, Range(60, 30 * DAY)] = field(metadata=WAYOUT)
    on_timeout: Exit = field(metadata=WAYOUT)
    save_as: VariableName | None = None

    def pauses(self) -> bool:
        """Always."""
        return True

    def enter(self, run: Run) -> Wait:
        """Ask for the call."""
        wait = run.wait("call", timeout=self.timeout)
        run.emit(StartCall(wait=wait.number, bot=self.bot))
        return wait

    def resume(self, run: Run, wait: Wait, told: Input) -> Exit | None:
        """The call is over, or never was."""
        del wait
        match told:
            case CallEnded():
                found = {
                    "disposition": str(told.disposition),
                    "result": told.result or "",
                    "answers": dict(told.answers),
                }
                run.save(self.save_as, found)
                return self.cases.get(told.disposition, self.otherwise)
            case TimedOut():
                return self.on_timeout
            case _:
                return None
