"""JSON Schema that somebody else wrote, for values that somebody else again made up.

Only what is decided on this machine, in a time that the size of the value bounds: no references,
which may go round or away, and no patterns, which may take for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError

MOST_CHARACTERS = 8_000
"""Of a schema as JSON: it is sent with every turn."""
MOST_DEPTH = 12
REFUSED = frozenset({
    "$ref", "$dynamicRef", "$recursiveRef", "$schema", "$id", "pattern", "patternProperties",
    "uniqueItems", "unevaluatedProperties", "unevaluatedItems",
})  # fmt: skip
"""Words that lead elsewhere, may take long, or need another validator."""


def wrong_with(schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with a schema of an object: JSON pointers into it, and why."""
    found = list(_refused(schema, "", 0))
    if found:
        return found
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return [(_pointer(error.absolute_path), f"is no JSON Schema: {error.message[:200]}")]
    if schema.get("type") != "object":
        return [("/type", 'must be "object"')]
    return []


def misfits(schema: Mapping[str, Any], value: object) -> list[str]:
    """Why the value is not what the schema asks for; at most five reasons, without the value."""
    plain = cast("Any", value)  # the library takes any JSON value and says so loosely
    errors = Draft202012Validator(schema).iter_errors(plain)  # pyright: ignore[reportUnknownMemberType]
    reasons: list[str] = []
    for error in errors:
        place = _pointer(error.absolute_path) or "the arguments"
        reasons.append(f"{place}: {_reason(error)}")
        if len(reasons) == 5:
            break
    return reasons


def _reason(error: ValidationError) -> str:
    match error.validator:
        case "required" | "additionalProperties" | "type" | "enum" | "const":
            return error.message[:200]
        case rule:
            wanted = cast("object", error.validator_value)
            return f"does not satisfy {rule}: {str(wanted)[:100]}"


def _refused(schema: object, at: str, depth: int) -> Iterator[tuple[str, str]]:
    """Refused words anywhere, but for the names of properties."""
    if depth > MOST_DEPTH:
        yield at, f"is nested more than {MOST_DEPTH} deep"
    elif isinstance(schema, Mapping):
        for key, below in cast("Mapping[str, object]", schema).items():
            here = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
            if key in REFUSED:
                yield here, f"{key} is not supported"
            elif key == "properties" and isinstance(below, Mapping):
                for name, each in cast("Mapping[str, object]", below).items():
                    yield from _refused(each, f"{here}/{name}", depth + 1)
            else:
                yield from _refused(below, here, depth + 1)
    elif isinstance(schema, list):
        for index, each in enumerate(cast("list[object]", schema)):
            yield from _refused(each, f"{at}/{index}", depth + 1)


def _pointer(path: Sequence[str | int]) -> str:
    return "".join(f"/{part}" for part in path)
