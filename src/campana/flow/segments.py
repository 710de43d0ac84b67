"""What a person writes as a segment, read into `domain/segment.py`: CEL, the part SQL can tell.

Compiled by the library that decides in flows, so that what both can say means the same in both.
What a database could only tell otherwise, or only by reading everything, is refused by name: loops,
regular expressions, arithmetic. It does not ask anybody: that is `store/segments.py`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta

from campana.domain import segment
from campana.domain.campaign import ChannelType
from campana.domain.clock import parse_moment
from campana.domain.segment import Comparison, Texts, TextTest, Tree
from campana.flow import trees
from campana.flow.segment_language import environment
from campana.flow.trees import Call, Constant, Listed, Name, Part, Select

MAX_SOURCE = 4_000
"""Characters of an expression."""
MAX_PARTS = 300
"""Names, values and operators."""
MAX_DEPTH = 40
MAX_QUESTIONS = 10
"""About a person's attempts, each of which is a look into another table."""
MAX_DAYS = 3_660

_COMPARISONS = {f"_{how.value}_": how for how in Comparison}
_TESTS = {how.value: how for how in TextTest}
_COMPLAINT = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_ABOUT = re.compile(r" expecting \{.*| \(in container ''\)|\s*\[[A-Z_]+\]$|^[A-Z_]+: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What is wrong with an expression and where: line and column count from one."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.message}"


class BadSegment(ValueError):
    """Everything that is wrong with an expression."""

    def __init__(self, problems: list[Wrong]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


_ENVIRONMENT = environment()


def read(source: str) -> Tree:
    """The condition an expression states.

    Raises:
        BadSegment: with everything that is wrong, each with its place.
    """
    if not source.strip():
        raise BadSegment([Wrong(line=1, column=1, message="must not be empty")])
    if len(source) > MAX_SOURCE:
        message = f"must have at most {MAX_SOURCE:,} characters"
        raise BadSegment([Wrong(line=1, column=1, message=message)])
    try:
        compiled = _ENVIRONMENT.compile(source)
    except (RuntimeError, ValueError) as error:  # the library says everything with the former
        raise BadSegment(_complaints(str(error))) from None
    reader = _Reader(source)
    kind = str(compiled.return_type().name())
    if kind not in {"BOOL", "DYN"}:
        reader.wrong(0, f"must be true or false, not {kind.lower()}")
    found = reader.tree(trees.read(compiled.serialize()))
    if reader.parts > MAX_PARTS:
        reader.wrong(0, f"has {reader.parts:,} parts; {MAX_PARTS} are the most")
    if reader.questions > MAX_QUESTIONS:
        reader.wrong(
            0, f"asks about attempts {reader.questions} times; {MAX_QUESTIONS} is the most"
        )
    if reader.problems:
        raise BadSegment(reader.problems)
    return found


def _complaints(said: str) -> list[Wrong]:
    found = [
        Wrong(line=max(1, int(line)), column=max(1, int(column)), message=_ABOUT.sub("", text))
        for line, column, text in _COMPLAINT.findall(said)
    ]
    first = _ABOUT.sub("", said.partition("\n")[0])
    return found or [Wrong(line=1, column=1, message=first or "cannot be read")]


_UNTOLD = segment.Literal(value=None)
"""In the place of what is wrong, so that the rest is read too."""


class _Reader:
    """Reads part after part, collecting what is wrong."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.problems: list[Wrong] = []
        self.parts = 0
        self.questions = 0
        self._depth = 0

    def wrong(self, at: int, message: str) -> Tree:
        before = self._source[:at]
        self.problems.append(
            Wrong(
                line=before.count("\n") + 1,
                column=at - (before.rfind("\n") + 1) + 1,
                message=message,
            )
        )
        return _UNTOLD

    def value(self, part: Part) -> Tree:
        """A text, a number, true or false: anything but a moment."""
        found = self.tree(part)
        if isinstance(found, segment.Instant):
            return self.wrong(part.at, "is a moment: write date(…) to compare it with a date")
        return found

    def tree(self, part: Part) -> Tree:
        self.parts += 1
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH:
                if self._depth == MAX_DEPTH + 1:
                    self.wrong(part.at, f"is nested more than {MAX_DEPTH} deep")
                return _UNTOLD
            return self._tree(part)
        finally:
            self._depth -= 1

    def _tree(self, part: Part) -> Tree:
        match part:
            case Constant():
                return self._constant(part)
            case Name(name="now"):
                return segment.Now()
            case Name(name="addedAt"):
                return segment.AddedAt()
            case Name(name="lastOutcome"):
                self.questions += 1
                return segment.LastOutcome()
            case Name(name=name):
                return self.wrong(part.at, f"{name} cannot stand here by itself")
            case Select(is_test=is_test):
                name = self._attribute(part)
                return segment.Has(name=name) if is_test else segment.Attribute(name=name)
            case Call(function="_[_]"):
                return segment.Attribute(name=self._attribute(part))
            case Call():
                return self._call(part)
            case Listed():
                return self.wrong(part.at, "a list may only stand behind in")
            case _:
                return self.wrong(part.at, "loops, maps and messages cannot be asked of a list")

    def _constant(self, part: Constant) -> Tree:
        value = part.value
        if isinstance(value, bytes):
            return self.wrong(part.at, "bytes cannot be compared with anything a contact has")
        if isinstance(value, str) and "\0" in value:
            return self.wrong(part.at, "no contact has a text with NUL")
        if isinstance(value, float) and not math.isfinite(value):
            return self.wrong(part.at, "is too large")
        return segment.Literal(value=value)

    def _attribute(self, part: Select | Call) -> str:
        """The name behind `contact.`, also as `contact["name"]`."""
        of, name = (part.of, part.field) if isinstance(part, Select) else (part.args[0], None)
        if isinstance(part, Call):
            key = part.args[1]
            name = key.value if isinstance(key, Constant) else None
        if not (isinstance(of, Name) and of.name == "contact"):
            self.wrong(part.at, "only contact has fields, and they have none of their own")
        elif not isinstance(name, str) or "\0" in name:
            self.wrong(part.at, "the name must be a text as it stands")
        return name if isinstance(name, str) else ""

    def _call(self, part: Call) -> Tree:  # noqa: C901 - one line a function
        args = part.args
        match part.function:
            case "_&&_":
                return segment.And(left=self.tree(args[0]), right=self.tree(args[1]))
            case "_||_":
                return segment.Or(left=self.tree(args[0]), right=self.tree(args[1]))
            case "!_":
                return segment.Not(term=self.tree(args[0]))
            case "_?_:_":
                return segment.Choice(
                    condition=self.tree(args[0]),
                    then=self.value(args[1]),
                    otherwise=self.value(args[2]),
                )
            case "@in":
                return self._within(part)
            case "size":
                return self._size(part)
            case "inList":
                return self._in_list(part)
            case "reached" | "attempts":
                return self._history(part)
            case "_+_" | "_-_":
                return self._shifted(part)
            case "timestamp":
                return self._moment(part)
            case "date":
                return segment.DateOf(moment=self._instant(args[0]))
            case name if name in _COMPARISONS:
                return self._compare(part, _COMPARISONS[name])
            case name if name in _TESTS and part.target is not None:
                return segment.Examine(
                    how=_TESTS[name], text=self.value(part.target), part=self.value(args[0])
                )
            case _:
                return self._unknown(part)

    def _unknown(self, part: Call) -> Tree:
        if part.function in {"days", "hours", "duration"}:
            return self.wrong(part.at, "a span may be added to a moment, or ask about attempts")
        if part.function == "matches":
            return self.wrong(
                part.at, "regular expressions cannot be asked of a list: use startsWith or contains"
            )
        name = part.function.strip("_")
        return self.wrong(part.at, f"{name} cannot be asked of a list of contacts")

    def _compare(self, part: Call, how: Comparison) -> Tree:
        left, right = (self.tree(each) for each in part.args)
        moments = [isinstance(each, segment.Instant) for each in (left, right)]
        is_read = all(each is not _UNTOLD for each in (left, right))
        if any(moments) and not all(moments) and is_read:
            other = part.args[moments.index(False)]
            return self.wrong(
                other.at, "a moment is compared with moments: write date(…) beside it"
            )
        return segment.Compare(how=how, left=left, right=right)

    def _within(self, part: Call) -> Tree:
        value, options = part.args
        if isinstance(options, Name) and options.name in set(Texts):
            return segment.Within(value=self.value(value), texts=Texts(options.name))
        if not isinstance(options, Listed):
            return self.wrong(options.at, "must be tags, kinds or a list such as [1, 2]")
        found: list[Tree] = []
        for option in options.parts:
            self.parts += 1
            if isinstance(option, Constant):
                found.append(self._constant(option))
            else:
                self.wrong(option.at, "a list holds texts, numbers, true or false")
        return segment.OneOf(value=self.value(value), options=tuple(found))

    def _size(self, part: Call) -> Tree:
        of = part.target or part.args[0]
        if isinstance(of, Name) and of.name in set(Texts):
            return segment.Size(of=Texts(of.name))
        return segment.Size(of=self.value(of))

    def _in_list(self, part: Call) -> Tree:
        wanted = part.args[0]
        if not (isinstance(wanted, Constant) and isinstance(wanted.value, str)):
            return self.wrong(wanted.at, "the list must be named as it stands")
        return segment.InList(wanted=wanted.value)

    def _history(self, part: Call) -> Tree:
        self.questions += 1
        channel_type, within = None, None
        for argument in part.args:
            if isinstance(argument, Constant):
                if argument.value not in set(ChannelType):
                    return self.wrong(argument.at, "must be one of " + ", ".join(ChannelType))
                channel_type = ChannelType(str(argument.value))
            elif isinstance(argument, Call):
                within = self._span(argument)
                if within <= timedelta(0):
                    return self.wrong(argument.at, "must be more than nothing")
            else:
                return self.wrong(argument.at, "must be a channel type or days(…) as it stands")
        if part.function == "reached":
            return segment.Reached(channel_type=channel_type, within=within)
        return segment.Attempts(channel_type=channel_type, within=within)

    def _span(self, part: Part) -> timedelta:
        """A span as it stands: at least an hour where something is wrong with it."""
        if isinstance(part, Call) and part.function in {"days", "hours"}:
            [number] = part.args
            unit = timedelta(days=1) if part.function == "days" else timedelta(hours=1)
            if not (isinstance(number, Constant) and isinstance(number.value, int)):
                self.wrong(number.at, "must be a whole number as it stands")
            elif abs(number.value) > timedelta(days=MAX_DAYS) / unit:
                self.wrong(number.at, f"must be at most {MAX_DAYS:,} days")
            else:
                return number.value * unit
        else:
            self.wrong(part.at, "must be days(…) or hours(…)")
        return timedelta(hours=1)

    def _shifted(self, part: Call) -> Tree:
        before = len(self.problems)
        left, right = part.args
        if isinstance(left, Call) and left.function in {"days", "hours"} and part.function == "_+_":
            left, right = right, left
        if not (isinstance(right, Call) and right.function in {"days", "hours", "duration"}):
            return self.wrong(part.at, "only days(…) and hours(…) can be added, to a moment")
        moment, by = self._instant(left), self._span(right)
        if len(self.problems) > before:
            return _UNTOLD
        return segment.Shifted(moment=moment, by=by if part.function == "_+_" else -by)

    def _instant(self, part: Part) -> Tree:
        found = self.tree(part)
        if not isinstance(found, segment.Instant) and found is not _UNTOLD:
            return self.wrong(part.at, "must be a moment: now, addedAt or timestamp(…)")
        return found

    def _moment(self, part: Call) -> Tree:
        text = part.args[0]
        if isinstance(text, Constant) and isinstance(text.value, str):
            if re.fullmatch(
                r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", text.value
            ):
                try:
                    return segment.Moment(at=parse_moment(text.value))
                except (ValueError, OverflowError):
                    pass
            return self.wrong(text.at, "must look like 2026-03-31T09:00:00Z")
        return self.wrong(text.at, "must be a time as it stands: timestamp('2026-03-31T09:00:00Z')")
