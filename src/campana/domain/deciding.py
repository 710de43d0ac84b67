"""How many of a number's leading digits settle what an expression of a numbering plan says of it.

Most expressions look at the first few digits and count the rest. Where that can be proven, what
was found out about one number holds for all that begin alike and are as long: `numbering`
remembers it. The proof is the expression's own automaton, walked along the number until every way
to go on ends the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_DIGITS = range(10)
_ALL = frozenset(_DIGITS)
_MATCHES, _FAILS = 1, 2
_EITHER = _MATCHES | _FAILS

_Edges = list[tuple[frozenset[int], int]]


class Unreadable(ValueError):
    """An expression says more than an automaton of digits can: it is not judged."""


class Automaton:
    """An expression over digits: digits, `\\d`, sets, groups, `|`, `?`, `*`, `+`, `{n,m}` and `$`.

    Raises:
        Unreadable: the expression has something else.
    """

    def __init__(self, expression: str) -> None:
        self._edges: list[_Edges] = []
        self._free: list[list[int]] = []
        self._end = self._state()
        parser = _Parser(expression)
        parsed = parser.parse()
        self.longest = _longest(parsed)
        self._has_end = parser.has_end
        self._start = self._closed({self._build(parsed, self._end)})
        self._steps: dict[tuple[frozenset[int], int], frozenset[int]] = {}
        self._ends: dict[tuple[frozenset[int], int], int] = {}

    def settled(self, digits: str, *, most: int) -> int | None:
        """After how many digits it is settled whether all of a number as long as this matches.

        None when more than `most` are needed.
        """
        if self._has_end:
            return None
        state, left = self._start, len(digits)
        for count in range(min(most, left) + 1):
            if self._endings(state, left - count) != _EITHER:
                return count
            if count < left:
                state = self._step(state, int(digits[count]))
        return None

    def failed(self, digits: str) -> int | None:
        """After how many digits no beginning of the number can match; None when one may."""
        state = self._start
        for count, digit in enumerate(digits):
            if self._end in state:
                return None
            if not state:
                return count
            state = self._step(state, int(digit))
        return None if state else len(digits)

    def _endings(self, state: frozenset[int], left: int) -> int:
        """Whether some number, and whether none, of so many digits more is matched from here."""
        if not state:
            return _FAILS
        if left == 0:
            return _MATCHES if self._end in state else _FAILS
        known = self._ends.get((state, left))
        if known is None:
            known = 0
            for digit in _DIGITS:
                known |= self._endings(self._step(state, digit), left - 1)
                if known == _EITHER:
                    break
            self._ends[state, left] = known
        return known

    def _step(self, state: frozenset[int], digit: int) -> frozenset[int]:
        known = self._steps.get((state, digit))
        if known is None:
            reached = {to for one in state for digits, to in self._edges[one] if digit in digits}
            known = self._steps[state, digit] = self._closed(reached)
        return known

    def _closed(self, states: set[int]) -> frozenset[int]:
        """These states and all that are reached without a digit."""
        found, news = set(states), list(states)
        while news:
            further = [to for to in self._free[news.pop()] if to not in found]
            found.update(further)
            news += further
        return frozenset(found)

    def _state(self) -> int:
        self._edges.append([])
        self._free.append([])
        return len(self._edges) - 1

    def _build(self, node: _Node, to: int) -> int:
        """States that match the node and go on at `to`; the first of them."""
        match node:
            case frozenset():
                first = self._state()
                self._edges[first].append((node, to))
                return first
            case ("all", parts):
                for part in reversed(parts):
                    to = self._build(part, to)
                return to
            case ("any", parts):
                first = self._state()
                self._free[first] += [self._build(part, to) for part in parts]
                return first
            case ("times", [part], least, most):
                return self._repeated(part, to, least=least, most=most)
            case _:
                raise Unreadable

    def _repeated(self, part: _Node, to: int, *, least: int, most: int | None) -> int:
        if most is None:
            first = self._state()
            self._free[first] += [self._build(part, first), to]
        else:
            first = to
            for _ in range(most - least):
                further = self._state()
                self._free[further] += [self._build(part, first), to]
                first = further
        for _ in range(least):
            first = self._build(part, first)
        return first


def _longest(node: _Node) -> int | None:
    """The most digits a match has; None when there is no most."""
    if isinstance(node, frozenset):
        return 1
    sizes = [_longest(part) for part in node[1]]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return None
    if node[0] == "any":
        return max(known)
    if node[0] == "all":
        return sum(known)
    most = node[3] if len(node) == 4 else 1
    return None if most is None else sum(known) * most


_Node = (
    frozenset[int] | tuple[str, "Sequence[_Node]"] | tuple[str, "Sequence[_Node]", int, int | None]
)


class _Parser:
    """The part of regular expressions that numbering plans are written in."""

    def __init__(self, expression: str) -> None:
        self._text = "".join(expression.split())
        self._at = 0
        self.has_end = False

    def parse(self) -> _Node:
        node = self._alternatives()
        if self._at < len(self._text):
            raise Unreadable(self._text)
        return node

    def _alternatives(self) -> _Node:
        parts = [self._sequence()]
        while self._took("|"):
            parts.append(self._sequence())
        return ("any", parts)

    def _sequence(self) -> _Node:
        return ("all", list(self._parts()))

    def _parts(self) -> Iterator[_Node]:
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            if self._took("$"):  # Only ever forbids: what fails without it, fails.
                self.has_end = True
            else:
                yield self._counted(self._atom())

    def _atom(self) -> _Node:
        if self._took("(?:") or (not self._text.startswith("(?", self._at) and self._took("(")):
            node = self._alternatives()
            self._expect(")")
            return node
        if self._took("["):
            return self._set()
        if self._took("\\d"):
            return _ALL
        return frozenset({self._digit()})

    def _set(self) -> _Node:
        found: set[int] = set()
        while not self._took("]"):
            if self._took("\\d"):
                found |= _ALL
                continue
            low = high = self._digit()
            if self._took("-"):
                high = self._digit()
            found.update(range(low, high + 1))
        return frozenset(found)

    def _counted(self, part: _Node) -> _Node:
        if self._took("?"):
            return ("times", [part], 0, 1)
        if self._took("*"):
            return ("times", [part], 0, None)
        if self._took("+"):
            return ("times", [part], 1, None)
        if not self._took("{"):
            return part
        least = most = self._number()
        if self._took(","):
            most = self._number()
        self._expect("}")
        return ("times", [part], least, most)

    def _number(self) -> int:
        start = self._at
        while self._text[self._at : self._at + 1].isdigit():
            self._at += 1
        if start == self._at:
            raise Unreadable(self._text)
        return int(self._text[start : self._at])

    def _digit(self) -> int:
        char = self._text[self._at : self._at + 1]
        if not (char.isascii() and char.isdigit()):
            raise Unreadable(self._text)
        self._at += 1
        return int(char)

    def _took(self, word: str) -> bool:
        if not self._text.startswith(word, self._at):
            return False
        self._at += len(word)
        return True

    def _expect(self, word: str) -> None:
        if not self._took(word):
            raise Unreadable(self._text)
