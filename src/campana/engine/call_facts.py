"""What the records keep of a call, of what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campana.domain.disposition import RESULTS
from campana.domain.model_talk import MOST_OF_AN_ANSWER, Used
from campana.domain.script import Ask, Script
from campana.domain.script_result import result_of
from campana.domain.sound_quality import SoundQuality
from campana.store.attempts import CallFacts
from campana.voice.call_result import CallResult
from campana.voice.notes import Line


def facts_of(
    result: CallResult,
    script: Script | None,
    *,
    recording_key: str | None,
    endpoints: Mapping[str, Any] | None = None,
) -> CallFacts:
    """The facts of a call that ran this script."""
    # Where a model spoke to the end, nobody came to the steps.
    is_asked = result.talked is None or result.model_failure is not None
    steps = script.steps if script is not None and is_asked else ()
    asked = [step for step in steps if isinstance(step, Ask)]
    questions = {ask.id: ask.text for ask in asked}
    counted = {step_id for step_id in questions if script is not None and script.counts(step_id)}
    return CallFacts(
        sip_status=result.status,
        talk_seconds=result.talk_seconds if result.answered_at else None,
        keys=result.keys,
        saved=result.saved,
        result=result.result,
        transcript=[_line(line) for line in result.transcript],
        recording_key=recording_key,
        answers=[
            {
                "step": each.given.step,
                "question": questions.get(each.given.step, ""),
                "type": each.given.kind,
                "value": each.given.value,
                "by": each.given.by,
                "said": each.given.said,
                "score": each.given.score,
                "atMs": each.at_ms,
                **_counted(script, each.given.step),
            }
            for each in result.answered
        ],
        questions=_asked_for(result, counted),
        answered_by=result.answered_by,
        has_left_message=result.has_left_message,
        callback_at=result.callback_at,
        model=_model(result, script),
        quality=_quality(result.quality),
        endpoints=endpoints,
        transfers=[
            {
                "step": each.step,
                "to": each.to,
                "outcome": str(each.outcome),
                "status": each.status,
                "atMs": each.at_ms,
            }
            for each in result.handovers
        ],
    )


def _counted(script: Script | None, step_id: str) -> dict[str, bool]:
    """What is kept beside an answer that is none of a survey's."""
    return {} if script is None or script.counts(step_id) else {"isOfSurvey": False}


def _asked_for(result: CallResult, questions: set[str]) -> int:
    """How many questions of the survey there were for this person.

    Those that an answer led past are not, once the conversation came to an end of the script with
    every question answered that was asked; before that each may still have been asked.
    """
    answered = {each.given.step for each in result.answered} & questions
    is_over = result.finished or result.result is not None or result.is_transferred
    is_cut_short = (result.result or "") in RESULTS
    is_whole = is_over and not is_cut_short and not (result.given_up & questions) - answered
    return len(answered) if answered and is_whole else len(questions)


def _model(result: CallResult, script: Script | None) -> dict[str, Any] | None:
    """What a language model and the tools did, and the result; None where there was none of it."""
    talked = result.talked
    given = tuple(each.given for each in result.answered)
    is_asked = talked is None and script is not None and result.answered_at is not None
    came = result_of(script, given, result.saved) if script is not None and is_asked else None
    if talked is None and result.model_failure is None and not result.used and came is None:
        return None
    values = talked.values if talked is not None else None
    values, wrong = came if came is not None else (values, list[str]())
    used: tuple[Used, ...] = (*(talked.used if talked is not None else ()), *result.used)
    return {
        "values": dict(values) if values and not wrong else None,
        "misfits": wrong,
        "tools": [
            {
                "name": each.name,
                "arguments": each.arguments,
                "outcome": each.outcome,
                "answer": each.answer[:MOST_OF_AN_ANSWER],
            }
            for each in used
        ],
        "tokens": talked.tokens if talked is not None else 0,
        "failure": result.model_failure,
    }


def _quality(heard: SoundQuality | None) -> dict[str, float] | None:
    if heard is None:
        return None
    return {
        "mos": heard.mos,
        "received": heard.received,
        "lost": heard.lost,
        "late": heard.late,
        "jitterMs": heard.jitter_ms,
        "roundTripMs": heard.round_trip_ms,
    }


def _line(line: Line) -> dict[str, Any]:
    kept: dict[str, Any] = {"role": str(line.role), "text": line.text, "atMs": line.at_ms}
    if line.latency is not None:
        kept["latency"] = {
            "totalMs": line.latency.total_ms,
            "vadMs": line.latency.vad_ms,
            "asrMs": line.latency.asr_ms,
            "dialogMs": line.latency.dialog_ms,
            "ttsMs": line.latency.tts_ms,
        }
    return kept
