"""Was a call right? What is known of it, judged by what its callee wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campana.bottest.answering import RightAnswer
from campana.bottest.callees import Kind
from campana.domain.script import Script
from campana.voice.call_result import CallResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Of one call."""

    kind: Kind
    is_right: bool
    why: str
    """Says what was not right, or what it came to."""
    is_opt_out_ignored: bool = False
    result: CallResult

    @property
    def latencies(self) -> list[int]:
        """How long the callee waited for each reply, in milliseconds."""
        lines = self.result.transcript
        return [line.latency.total_ms for line in lines if line.latency is not None]


def score(
    kind: Kind, result: CallResult, *, script: Script, rights: Sequence[RightAnswer]
) -> Score:
    """Judge a call to a callee of this kind."""
    wrong = _wrong(kind, result, script, rights)
    return Score(
        kind=kind,
        is_right=wrong is None,
        why=wrong or result.result or result.reason or result.end,
        is_opt_out_ignored=kind is Kind.OPTING_OUT and result.result != "opt_out",
        result=result,
    )


def _wrong(
    kind: Kind, result: CallResult, script: Script, rights: Sequence[RightAnswer]
) -> str | None:
    if result.end != "answered":
        return f"the call was not placed: {result.reason or result.end}"
    match kind:
        case Kind.OPTING_OUT:
            is_obeyed = result.result == "opt_out" and result.finished
            if is_obeyed:
                return _model_wrong(result, script)
            return "asked not to be called again, and was not understood"
        case Kind.WRONG_PERSON:
            # A no is what it is to "is this Ana?"; free text takes whatever is said.
            given = [each.given for each in result.answered if each.given.kind != "text"]
            taken = [each for each in given if (each.kind, each.value) != ("yes_no", "no")]
            return f"{taken[0].said!r} taken for {taken[0].value}" if taken else None
        case Kind.VOICEMAIL:
            return _machine_wrong(result, script)
        case Kind.PATIENT | Kind.HURRIED | Kind.HARD_OF_HEARING | Kind.NOISY:
            return _model_wrong(result, script) or _conversation_wrong(result, rights)


def unproven(scores: Sequence[Score]) -> str | None:
    """Why nobody knows by these calls whether the bot obeys; None where they show it."""
    asked = [each for each in scores if each.kind is Kind.OPTING_OUT]
    failures = [each.result.model_failure for each in asked if each.result.model_failure]
    return failures[0] if failures else None


def _model_wrong(result: CallResult, script: Script) -> str | None:
    """The steps are not what was to be tried."""
    if script.prompt is None or result.model_failure is None:
        return None
    return f"the language model failed: {result.model_failure}"


def _machine_wrong(result: CallResult, script: Script) -> str | None:
    match script.on_machine.do:
        case "talk":
            return None
        case "hang_up":
            spoke = any(line.role == "bot" for line in result.transcript)
            return "the bot spoke to a machine" if spoke or result.reason != "machine" else None
        case "leave_message":
            return None if result.has_left_message else "no message was left on a machine"


def _conversation_wrong(result: CallResult, rights: Sequence[RightAnswer]) -> str | None:
    if result.result in {"opt_out", "callback_request"}:
        return f"taken for {result.result.replace('_', ' ')}"
    wanted = {each.step: each for each in rights}
    for each in result.answered:
        right = wanted.get(each.given.step)
        if right is not None and not right.is_met_by(each.given.value):
            return f"{each.given.step}: {right.words or right.keys!r} taken for {each.given.value}"
    if not result.finished and not result.is_transferred:
        return f"the script did not come to an end ({result.reason})"
    if rights and not result.answered:
        return "no question was answered"
    return None
