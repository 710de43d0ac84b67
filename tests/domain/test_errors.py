"""The error tree: a class is its code, and there is one for each code of the contract."""

from __future__ import annotations

import inspect

import pytest

from campana.domain import errors
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter

CODES = {
    "invalid_parameter", "unauthenticated", "insufficient_scope", "not_found", "method_not_allowed",
    "conflict", "invalid_transition", "version_mismatch", "payload_too_large",
    "unsupported_media_type", "preflight_blocked", "idempotency_mismatch", "precondition_required",
    "rate_limited", "internal_error", "unavailable",
}  # fmt: skip

CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, CampanaError) and found is not CampanaError
]


def test_the_codes_are_those_of_the_contract() -> None:
    assert {error.code() for error in CLASSES} == CODES | {"setup_error"}


@pytest.mark.parametrize("error", CLASSES)
def test_the_docstring_is_the_message_and_the_tree_is_drawn(error: type[CampanaError]) -> None:
    assert error().message == inspect.getdoc(error)
    assert f" {error.__name__} " in (errors.__doc__ or "").replace("\n", " ")


def test_an_error_says_what_is_wrong_and_where() -> None:
    error = InvalidParameter(
        problems=[
            FieldProblem(pointer="/name", message="is required"),
            FieldProblem(parameter="page", message="must be at least 1"),
            FieldProblem(pointer="", message="must be an object"),
        ]
    )
    assert str(error) == (
        "The request is not valid.; /name: is required; page: must be at least 1; must be an object"
    )
    assert str(InvalidParameter("no")) == "no"
