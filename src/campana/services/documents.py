"""What people write, checked against its shape: everything wrong is found at once and named.

A shape is a msgspec Struct; its JSON Schema (the one the API publishes) finds the problems, then
the Struct is made. This module knows no particular document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec
import yaml
from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from campana.domain import naming
from campana.domain.clock import parse_moment
from campana.domain.errors import FieldProblem, InvalidParameter

T = TypeVar("T", bound=msgspec.Struct)

_FORMATS = FormatChecker(formats=())
TYPES = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}


@_FORMATS.checks("date-time", raises=(ValueError, OverflowError))
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or bool(parse_moment(value))


@_FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@_FORMATS.checks(naming.FORMAT)
def _is_name(value: object) -> bool:
    # Of an empty one it is said that it is empty.
    return not isinstance(value, str) or not value or naming.problem_of(value) is None


def read(shape: type[T], raw: object) -> T:
    """`raw` (plain lists, dicts and scalars) as a `shape`.

    Raises:
        InvalidParameter: with a problem for each field that is missing, unknown or of the wrong
        kind.
    """
    problems = [found for error in _errors(shape, raw) for found in _explain(error)]
    if problems:
        raise InvalidParameter(problems=sorted(problems, key=lambda p: p.pointer or ""))
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:  # what a JSON Schema cannot say
        text, _, path = str(error).partition(" - at `$")
        pointer = path.rstrip("`").replace(".", "/").replace("[", "/").replace("]", "")
        raise InvalidParameter(problems=[FieldProblem(pointer=pointer, message=text)]) from None


_NOTHING: Mapping[str, Any] = {}


def sift(
    shape: type[T], raw: object, *, stand_ins: Mapping[str, Any] = _NOTHING
) -> tuple[T | None, object, list[FieldProblem]]:
    """What can be read of `raw`, so that what else is wrong with it is told at once with its shape.

    Args:
        shape: what it should be.
        raw: what it is.
        stand_ins: values in the place of fields that the shape needs and that are wrong here, so
            that the others can be read. Whoever judges by such a field asks first whether it is.

    Returns:
        A `shape` without the fields in which something is wrong (None: too little is left for one),
        `raw` without them, and what is wrong with them: nothing of a whole document.
    """
    try:
        return read(shape, raw), raw, []
    except InvalidParameter as error:
        problems = list(error.problems)
    if not isinstance(raw, Mapping):
        return None, raw, problems
    wrong = {(problem.pointer or "/").split("/")[1] for problem in problems}
    written = cast("Mapping[str, Any]", raw)
    kept = {name: value for name, value in written.items() if _escaped(name) not in wrong}
    standing = {name: value for name, value in stand_ins.items() if name in wrong}
    try:
        return read(shape, {**kept, **standing}), kept, problems
    except InvalidParameter:
        return None, kept, problems


def inside(raw: object, *path: str) -> object:
    """What `raw` has at this place, whatever its shape; None where it has nothing there."""
    for name in path:
        raw = cast("Mapping[str, object]", raw).get(name) if isinstance(raw, Mapping) else None
    return raw


def read_yaml(text: str) -> object:
    """The plain values of a YAML 1.2 text.

    `yes` is a text, a key is always a text, a date stays as written.

    Raises:
        InvalidParameter: not YAML; says in which line.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with fewer types
    except (yaml.YAMLError, ValueError, LookupError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else "the file"
        what = getattr(error, "problem", None) or "is not YAML that can be read"
        raise InvalidParameter(problems=[FieldProblem(pointer=where, message=str(what))]) from None


def write_yaml(value: object) -> str:
    """Plain values as a YAML 1.2 text that `read_yaml` reads as the same; keys as they stand."""
    return str(yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100))


def yaml_lines(text: str) -> dict[str, int]:
    """The line of each value of a YAML text that `read_yaml` can read, by its JSON pointer."""
    lines = {"": 1}
    compose = cast("Callable[..., yaml.Node]", yaml.compose)  # pyright: ignore[reportUnknownMemberType]
    waiting: list[tuple[str, Any]] = [("", compose(text, Loader=_Loader))]
    while waiting and len(lines) < _MOST_LINES:  # an alias can make a small text very large
        at, node = waiting.pop()
        if isinstance(node, yaml.MappingNode):
            below = [(_escaped(key.value), key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            below = [(str(index), value, value) for index, value in enumerate(node.value)]
        else:
            below = []
        for name, place, value in below:
            lines[f"{at}/{name}"] = place.start_mark.line + 1
            waiting.append((f"{at}/{name}", value))
    return lines


def merge(document: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """JSON Merge Patch (RFC 7396): null removes, objects merge, the rest replaces."""
    merged = dict(document)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            below: Any = merged.get(key)
            inside = cast("Mapping[str, Any]", below if isinstance(below, Mapping) else {})
            merged[key] = merge(inside, cast("Mapping[str, Any]", value))
        else:
            merged[key] = value
    return merged


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Merge Patch that makes `after` of `before`; null in `after` is what is absent."""
    patch: dict[str, Any] = {key: None for key in before if after.get(key) is None}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            below = difference(cast("dict[str, Any]", old), cast("dict[str, Any]", value))
            if below:
                patch[key] = below
        elif value is not None and value != old:
            patch[key] = value
    return patch


@lru_cache
def _validator(shape: type[msgspec.Struct]) -> Validator:
    return _Schema(msgspec.json.schema(shape), format_checker=_FORMATS)


def _is_integer(_: object, value: object) -> bool:
    """3.0 is none: a number is read as what it was written as."""
    return isinstance(value, int) and not isinstance(value, bool)


def _has_pattern(_: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    """As JSON Schema means it: `$` is the end, where Python's also stands before a last newline."""
    exact = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
    if isinstance(value, str) and not re.search(exact, value):
        yield ValidationError(f"must look like {pattern}")


_Schema = cast(
    "type[Validator]",
    validators.extend(  # pyright: ignore[reportUnknownMemberType]
        Draft202012Validator,
        {"pattern": _has_pattern},
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
    ),
)


def _errors(shape: type[msgspec.Struct], raw: object) -> list[ValidationError]:
    plain = cast("dict[str, Any]", raw)  # the library takes any JSON value and says so loosely
    return list(_validator(shape).iter_errors(plain))  # pyright: ignore[reportUnknownMemberType]


def _explain(error: ValidationError) -> Iterable[FieldProblem]:
    pointer = "".join("/" + _escaped(part) for part in error.absolute_path)
    rule = error.validator
    value: Any = error.instance
    if list(error.absolute_schema_path)[-2:-1] == ["propertyNames"]:
        # What is wrong is a name; where several are, each is told of at its own.
        yield FieldProblem(pointer=f"{pointer}/{_escaped(value)}", message=_sentence(error))
    elif rule == "anyOf":
        yield from _explain_any_of(error)
    elif rule == "additionalProperties" and isinstance(value, dict):
        known = set(cast("Mapping[str, Any]", error.schema).get("properties", ()))
        for name in sorted(set(cast("dict[str, Any]", value)) - known):
            yield FieldProblem(
                pointer=f"{pointer}/{_escaped(name)}", message="is not a known field"
            )
    elif rule == "required":
        # One error a missing name; the name is the first word of its message.
        name = error.message.split("'")[1]
        yield FieldProblem(pointer=f"{pointer}/{_escaped(name)}", message="is required")
    else:
        yield FieldProblem(pointer=pointer, message=_sentence(error))


def _explain_any_of(error: ValidationError) -> Iterable[FieldProblem]:
    """Speak of the alternative that was meant: the one whose `type` fits, or that is not null."""
    branches: dict[int, list[ValidationError]] = {}
    for below in error.context or ():
        branches.setdefault(cast("int", below.schema_path[0]), []).append(below)
    meant = [
        errors
        for errors in branches.values()
        if not any(
            e.validator in {"enum", "const"} and list(e.path)[-1:] == ["type"] for e in errors
        )
        and not all(e.validator == "type" and e.validator_value == "null" for e in errors)
    ]
    if len(meant) == 1:
        for below in meant[0]:
            yield from _explain(below)
    else:
        yield _no_kind(error, [each for below in branches.values() for each in below])


def _no_kind(error: ValidationError, below: Iterable[ValidationError]) -> FieldProblem:
    """It is none of the alternatives: which there are, where its `type` was to say so."""
    pointer = "".join("/" + _escaped(part) for part in error.absolute_path)
    value: object = error.instance
    kinds = [kind for each in below for kind in _kinds(each)]
    if not isinstance(value, dict) or not kinds:
        return FieldProblem(pointer=pointer, message="is none of the kinds known here")
    return FieldProblem(pointer=f"{pointer}/type", message=f"must be one of {', '.join(kinds)}")


def _kinds(error: ValidationError) -> Iterable[str]:
    """What `type` would have to be for an alternative that was not meant."""
    wanted: Any = error.validator_value
    if list(error.path)[-1:] == ["type"] and error.validator in {"enum", "const"}:
        yield from map(str, cast("list[object]", wanted) if error.validator == "enum" else [wanted])
    elif error.validator == "required" and "'type'" in error.message:
        schema = cast("Mapping[str, Any]", error.schema)
        kind: Any = schema.get("properties", {}).get("type", {})
        yield from map(str, kind.get("enum", [kind["const"]] if "const" in kind else []))


SENTENCES: Mapping[str, str] = {
    "maxLength": "must have at most {} characters",
    "minimum": "must be at least {}",
    "exclusiveMinimum": "must be above {}",
    "maximum": "must be at most {}",
    "minItems": "must have at least {} entries",
    "maxItems": "must have at most {} entries",
    "format": "must be an ISO 8601 date or time",
    "pattern": "must look like {}",
}


def _sentence(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    match error.validator:
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else cast("list[str]", wanted)
            return "must be " + " or ".join(TYPES.get(kind, kind) for kind in kinds)
        case "enum":
            return "must be one of " + ", ".join(map(str, cast("list[object]", wanted)))
        case "format" if wanted == naming.FORMAT:
            return naming.problem_of(str(error.instance)) or "is no name"
        case "minLength":
            return "must not be empty"
        case "pattern":
            examples = cast("Mapping[str, Any]", error.schema).get("examples", [wanted])
            return SENTENCES["pattern"].format(" or ".join(examples))
        case rule:
            known = SENTENCES.get(str(rule))
            return known.format(wanted) if known else error.message[:200]


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


class _Loader(yaml.SafeLoader):
    """YAML 1.2's core schema, less what JSON cannot say; keys are texts.

    No yes/no, no dates, no octal surprises, and `21:00` is not a number in base 60.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_text(key_node) if isinstance(key_node, yaml.ScalarNode) else ""
            if key in mapping:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key!r} stands twice", key_node.start_mark
                )
            mapping[key] = self.construct_object(value_node, deep=deep)  # pyright: ignore[reportUnknownMemberType]
        return mapping

    def construct_text(self, node: yaml.ScalarNode) -> str:
        """A text that JSON and PostgreSQL can hold."""
        if not _STORABLE.fullmatch(node.value):
            raise yaml.constructor.ConstructorError(
                None, None, "a text holds NUL or half a character", node.start_mark
            )
        return str(node.value)

    def construct_integer(self, node: yaml.ScalarNode) -> int:
        """`0o17` and `0x1f` are what they say; `010` is ten."""
        digits = node.value
        base = {"0o": 8, "0x": 16}.get(digits[:2], 10)
        return int(digits if base == 10 else digits[2:], base)


_MOST_LINES = 50_000
_STORABLE = re.compile("[^\0\ud800-\udfff]*")
_CORE = {
    "null": ("~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": ("true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": ("[-+]?[0-9]{1,18}|0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,2})?",
        list("-+.0123456789"),
    ),
}
_Loader.yaml_implicit_resolvers = {}
for _kind, (_pattern, _first) in _CORE.items():
    _Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
        f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_pattern})$"), _first
    )
# Whatever else a tag may ask for (`!!binary`, `!!timestamp`, a class) is not JSON.
_Loader.yaml_constructors = {
    tag: construct
    for tag, construct in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in {*_CORE, "seq", "map"}
}
_Loader.add_constructor("tag:yaml.org,2002:str", _Loader.construct_text)  # pyright: ignore[reportUnknownMemberType]
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_integer)  # pyright: ignore[reportUnknownMemberType]


_SEPARATORS = frozenset("\x85\u2028\u2029")
"""What YAML would take for the end of a line."""


class _Dumper(yaml.SafeDumper):
    """Quotes whatever either version of YAML would not read as a text."""


_Dumper.yaml_implicit_resolvers = {
    first: [
        *yaml.SafeDumper.yaml_implicit_resolvers.get(first, []),
        *_Loader.yaml_implicit_resolvers.get(first, []),
    ]
    for first in {*yaml.SafeDumper.yaml_implicit_resolvers, *_Loader.yaml_implicit_resolvers}
}


def _written(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Lines stand as lines."""
    is_odd = not _SEPARATORS.isdisjoint(text)
    style = '"' if is_odd else "|" if "\n" in text else None
    return dumper.represent_scalar(  # pyright: ignore[reportUnknownMemberType]
        "tag:yaml.org,2002:str", text, style=style
    )


_Dumper.add_representer(str, _written)
