"""The names and functions segments have: CEL's own, and what a contact and its history add."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cel_expr_python import cel  # pyright: ignore[reportMissingTypeStubs] - has cel.pyi alone

_B, _I, _S, _SPAN = cel.Type.BOOL, cel.Type.INT, cel.Type.STRING, cel.Type.DURATION
VARIABLES: Mapping[str, cel.Type] = {
    "contact": cel.Type.DYN,
    "tags": cel.Type.List(_S),
    "kinds": cel.Type.List(_S),
    "lastOutcome": _S,
    "addedAt": cel.Type.TIMESTAMP,
    "now": cel.Type.TIMESTAMP,
}
"""What an expression may read."""


class Signature(NamedTuple):
    """One way to call a function."""

    function: str
    takes: tuple[cel.Type, ...]
    gives: cel.Type


SIGNATURES = (
    Signature("days", (_I,), _SPAN),
    Signature("hours", (_I,), _SPAN),
    Signature("date", (cel.Type.TIMESTAMP,), _S),
    Signature("inList", (_S,), _B),
    *(
        Signature(name, takes, gives)
        for name, gives in (("reached", _B), ("attempts", _I))
        for takes in ((), (_S,), (_SPAN,), (_S, _SPAN))
    ),
)
"""The functions of segments; CEL's own come on top."""


def environment(implementations: Mapping[str, Callable[..., object]] | None = None) -> cel.Env:
    """What a segment's expression is compiled in.

    `implementations` of the functions, by name, make one in which it can be evaluated as well.
    """
    names = dict.fromkeys(signature.function for signature in SIGNATURES)
    given = implementations or {}
    return cel.NewEnv(
        variables=VARIABLES,
        functions=[
            cel.FunctionDecl(
                name, [_overload(s, given.get(name)) for s in SIGNATURES if s[0] == name]
            )
            for name in names
        ],
    )


def _overload(signature: Signature, implementation: Callable[..., object] | None) -> cel.Overload:
    name = "_".join([signature.function, *(str(each.name()).lower() for each in signature.takes)])
    takes = list(signature.takes)
    if implementation is None:
        return cel.Overload(name, signature.gives, takes, False)
    return cel.Overload(name, signature.gives, takes, False, impl=implementation)
