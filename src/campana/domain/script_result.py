"""What the answers of a script come to, as an object in the shape that its bot asks for.

An answer stands in it by what it is saved as, or by the id of its question; what a tool saved, by
its name. Saved are texts: each is read as the type that the schema gives it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from campana.domain.answers import Choice, YesNo
from campana.domain.errors import FieldProblem
from campana.domain.json_shapes import MOST_CHARACTERS, misfits, wrong_with
from campana.domain.prompted import JsonObject, size_of
from campana.domain.script import Ask, Given, Script, UseTool

_TRUE, _FALSE = frozenset({"yes", "true"}), frozenset({"no", "false"})


def result_of(
    script: Script, given: tuple[Given, ...], saved: Mapping[str, str]
) -> tuple[JsonObject, list[str]] | None:
    """The result, and why it is not what the bot asks for; None where it asks for none."""
    if script.result is None:
        return None
    unnamed = {step.id for step in script.steps if isinstance(step, Ask) and not step.save_as}
    known = {each.step: each.value for each in given if each.step in unnamed} | dict(saved)
    values = {
        name: _typed(known[name], schema)
        for name, schema in _properties(script.result).items()
        if name in known
    }
    return values, [why.replace("the arguments", "the result") for why in _misfits(script, values)]


def problems_of_result(script: Script) -> Iterator[FieldProblem]:
    """What is wrong with the schema, and with the script for it, each with its JSON pointer."""
    schema = script.result
    if schema is None:
        return
    if script.prompt is not None:
        yield _problem("/result", "belongs to the prompt where there is one: write prompt.result")
    if size_of(schema) > MOST_CHARACTERS:
        yield _problem("/result", f"is more than {MOST_CHARACTERS} characters of JSON")
        return
    if wrong := wrong_with(schema):
        yield from (_problem(f"/result{pointer}", message) for pointer, message in wrong)
        return
    yield from _disagreeing(script, schema, _properties(schema))


def _disagreeing(
    script: Script, schema: JsonObject, properties: Mapping[str, Any]
) -> Iterator[FieldProblem]:
    """Where the script and a schema that is one do not agree."""
    named = dict(_named(script))
    for pointer, name in named.items():
        if name not in properties:
            yield _problem(pointer, f"is not in result: the schema has no property {name!r}")
    for index, step in enumerate(script.steps):
        if isinstance(step, Ask) and (name := step.save_as or step.id) in properties:
            yield from _closed(step, properties[name], script.at(index))
    for name in cast("list[str]", schema.get("required") or ()):
        if name not in named.values():
            pointer = f"/result/properties/{_escape(name)}"
            yield _problem(pointer, "nothing saves it: no question and no tool has this name")
    for name, each in properties.items():
        if _types(each) & {"object", "array"}:
            pointer = f"/result/properties/{_escape(name)}"
            yield _problem(pointer, "cannot be nested: only plain values are saved")


def _named(script: Script) -> Iterator[tuple[str, str]]:
    """What an answer or a value is called, by where that is written."""
    for index, step in enumerate(script.steps):
        match step:
            case Ask(save_as=str(name)):
                yield f"{script.at(index)}/saveAs", name
            case Ask(answer=None):
                # "Press 1 to go on" is no answer that anybody counts.
                pass
            case Ask(id=name):
                yield f"{script.at(index)}/id", name
            case UseTool(saves=saves):
                yield from ((f"{script.at(index)}/save/{_escape(name)}", name) for name in saves)
            case _:
                pass


def _closed(ask: Ask, schema: Mapping[str, Any], at: str) -> Iterator[FieldProblem]:
    """Answers that are known beforehand and not what the schema takes."""
    known: dict[str, str] = {}
    match ask.answer:
        case YesNo():
            known = {f"{at}/answer": "yes"}
        case Choice(options=options):
            known = {f"{at}/answer/options/{n}/value": each.value for n, each in enumerate(options)}
        case _:
            pass
    for pointer, value in known.items():
        if misfits(schema, _typed(value, schema)):
            yield _problem(pointer, f"{value!r} is not what result takes there")


def _misfits(script: Script, values: JsonObject) -> list[str]:
    return misfits(script.result or {}, values)


def _properties(schema: JsonObject) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", schema.get("properties") or {})


def _types(schema: object) -> frozenset[str]:
    named: object = (
        cast("Mapping[str, Any]", schema).get("type") if isinstance(schema, dict) else ()
    )
    return frozenset([named] if isinstance(named, str) else cast("list[str]", named or ()))


def _typed(value: str, schema: object) -> object:
    """A text as the type asked for, where it is one; else as it is, and it will not fit."""
    types = _types(schema)
    if "boolean" in types and value in _TRUE | _FALSE:
        return value in _TRUE
    if types & {"integer", "number"}:
        try:
            number: object = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return number if isinstance(number, int | float) and type(number) is not bool else value
    return value


def _escape(token: str) -> str:
    """A token of a JSON pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=pointer, message=message)
