"""A bot whose shape is wrong in places, read all the same: for what is wrong with the rest of it.

What cannot be read is left out, or something stands in for it; nothing is told of that but what its
shape had wrong. So links, ids and ranges are told together with the shapes, and not after them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.script import Script
from campana.domain.script_problems import problems as script_problems
from campana.services import documents
from campana.services.voicebot_document import VoiceBotDocument, script_of

_ROUNDS = 3
"""A field that was left out may be one that is required, and then something stands in for it."""
_NAMELESS = "-"
_STANDS_IN: Mapping[str, Any] = {
    "greeting": _NAMELESS,
    "text": _NAMELESS,
    "on": _NAMELESS,
    "otherwise": _NAMELESS,
    "url": "https://example.com/",
    "cases": {_NAMELESS: _NAMELESS},
}


def read(raw: Mapping[str, Any]) -> Script:
    """The script of a bot as it is written.

    Raises:
        InvalidParameter: with every problem of its shape, and what else can be told in spite of it.
    """
    try:
        return script_of(documents.read(VoiceBotDocument, raw))
    except InvalidParameter as error:
        found = [*error.problems, *_besides(raw, error.problems)]
        raise InvalidParameter(problems=found) from None


def _besides(raw: Mapping[str, Any], wrong: Iterable[FieldProblem]) -> list[FieldProblem]:
    """What is wrong with the rest."""
    rest = copy.deepcopy(dict(raw))
    mended: set[str] = set()
    for _ in range(_ROUNDS):
        for problem in wrong:
            if (place := _mend(rest, problem)) is None:
                return []
            mended.add(place)
        try:
            script = script_of(documents.read(VoiceBotDocument, rest))
        except InvalidParameter as error:
            wrong = error.problems
            continue
        told = script_problems(script, is_whole=False)
        known = _known(raw)
        return [each for each in told if not _is_doubtful(each, mended, known)]
    return []


def _mend(rest: dict[str, Any], problem: FieldProblem) -> str | None:
    """Leave out what cannot be read, or have something stand in for it; which place that was.

    None where nothing of the bot is left.
    """
    path = [each.replace("~1", "/").replace("~0", "~") for each in _tokens(problem.pointer or "")]
    if not path or (path[0] == "steps" and len(path) == 1):
        return None
    if path[0] != "steps":
        rest.pop(path[0], None)
        if path[0] in _STANDS_IN:
            rest[path[0]] = _STANDS_IN[path[0]]
        return _pointer(path[:1])
    steps, index = cast("list[Any]", rest["steps"]), int(path[1])
    step: object = steps[index]
    if len(path) == 2 or path[2] == "type" or not isinstance(step, dict):
        steps[index] = {"type": "say", "id": f"mended-{index}", "text": _NAMELESS}
        return _pointer(path[:2])
    fields = cast("dict[str, Any]", step)
    if path[2] == "questions" and fields.get("type") == "survey":
        return _mend_question(fields, path)
    return _mend_field(fields, path)


def _mend_question(survey: dict[str, Any], path: list[str]) -> str:
    """As `_mend`, below a survey."""
    questions: object = survey.get("questions")
    if len(path) == 3 or not isinstance(questions, list):
        survey["questions"] = [_stand_in(path)]
        return _pointer(path[:3])
    index = int(path[3])
    question: object = cast("list[Any]", questions)[index]
    if len(path) == 4 or not isinstance(question, dict):
        questions[index] = _stand_in(path)
        return _pointer(path[:4])
    return _mend_field(cast("dict[str, Any]", question), path, above=4)


def _stand_in(path: list[str]) -> dict[str, Any]:
    return {"id": "-".join(["mended", *path[1:]]), "text": _NAMELESS, "answer": {"type": "text"}}


def _mend_field(fields: dict[str, Any], path: list[str], *, above: int = 2) -> str:
    """Leave out one field of what stands in the first `above` parts of the path."""
    name = path[above]
    was_there = fields.pop(name, None) is not None
    if name == "id":
        fields["id"] = "-".join(["mended", *path[1:above]])
    elif name in _STANDS_IN and not was_there:
        fields[name] = _STANDS_IN[name]
    return _pointer(path[: above + 1])


def _known(raw: Mapping[str, Any]) -> frozenset[str]:
    """Every id, and every name that something is saved by, whether it can be read or not."""
    steps = cast("list[Any]", raw["steps"])
    named: list[object] = []
    for step in _named(steps):
        named += [step.get("id"), step.get("saveAs")]
        saved: object = step.get("save")
        named += cast("dict[str, Any]", saved) if isinstance(saved, dict) else ()
    return frozenset(each for each in named if isinstance(each, str)) | {_NAMELESS}


def _named(steps: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """All steps, and all questions of surveys."""
    for step in _objects(steps):
        yield step
        yield from _objects(step.get("questions"))


def _objects(values: object) -> Iterator[dict[str, Any]]:
    several = cast("list[Any]", values) if isinstance(values, list) else ()
    yield from (cast("dict[str, Any]", each) for each in several if isinstance(each, dict))


def _is_doubtful(problem: FieldProblem, mended: set[str], known: frozenset[str]) -> bool:
    """May it be only because of what was left out?"""
    pointer = problem.pointer or ""
    if any(f"{pointer}/".startswith(f"{each}/") for each in mended):
        return True
    if any(each.startswith(f"{pointer}/") for each in mended):
        return True
    about = problem.message.split("'")[1:2]
    is_name = "there is no step" in problem.message or "nothing is saved as" in problem.message
    if is_name and ((about[:1] and about[0] in known) or "/prompt" in mended):
        return True
    if pointer.startswith("/result"):
        return True
    if pointer.endswith("/keys") and f"{pointer.removesuffix('/keys')}/answer" in mended:
        return True
    return pointer.endswith("/to") and "/transferTo" in mended


def _tokens(pointer: str) -> list[str]:
    return pointer.split("/")[1:]


def _pointer(path: list[str]) -> str:
    return "".join("/" + each.replace("~", "~0").replace("/", "~1") for each in path)
