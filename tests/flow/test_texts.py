"""Texts: values stay data, the short way says what the library says, and nothing runs away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liquid import Environment

from campana.flow.texts import MAX_TEXT, BadTemplate, RenderFailed, Template, UrlTemplate

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "contact": {"first_name": "Ana", "n": 3, "f": 2.5, "yes": True, "list": ["a", 1], "x": None},
    "vars": {"deep": {"er": {"still": "here"}}},
    "trigger": {},
    "reply": "hola",
    "now": NOW,
}
pieces = st.lists(
    st.sampled_from(
        [
            "{{ contact.first_name }}", "{{contact.n}}", "{{ contact.f}}", "{{ contact.yes }}",
            "{{ contact.list }}", "{{ contact.x }}", "{{ contact.gone }}",
            "{{ vars.deep.er.still }}", "{{ vars.deep.no.thing }}", "{{ reply.nothing }}",
            "{{ reply }}", " and ",
            "}}", "%}", "{ ", "é\n", "{{ reply | upcase }}",
            "{% if reply %}x{% endif %}", "{# note #}",
            "{{ contact.list.size }}", "{%- comment -%}x{% endcomment %}",
        ]
    ),
    max_size=6,
)  # fmt: skip


@given(pieces=pieces)
@settings(deadline=None)
def test_it_says_what_the_library_says(pieces: list[str]) -> None:
    source = "".join(pieces)
    assert Template(source).render(VALUES) == Environment().from_string(source).render(**VALUES)


@given(value=st.text())
@settings(deadline=None)
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    values = {"contact": {"name": value}, "vars": {"x": "SECRET"}}
    # The library writes every end of a line as one.
    unified = value.replace("\r\n", "\n").replace("\r", "\n")
    for source, shown in (("{{ contact.name }}", value), ("{{ contact.name | upcase }}", unified)):
        try:
            assert Template(source).render(values).upper() == shown.upper()
        except RenderFailed:
            assert len(value) > MAX_TEXT


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in contact.list %}{% for j in contact.list %}{% endfor %}{% endfor %}",
        "{{ 9 | times: 99999999999 | times: 99999999999 }}",
        "{{ reply | replace: 'a', contact.big | replace: 'b', contact.big }}",
        "{% for i in contact.list %}{{ contact.big }}{% endfor %}",
        "{{ contact.big }}{{ contact.big }}",
        "{{ 1 | divided_by: 0 }}",
        "{{ 'today' | date }}",
        "{{ now | date: '%H', 'Mars/Olympus' }}",
    ],
)
def test_what_would_run_away_fails(source: str) -> None:
    big = {"reply": "ab" * 1000, "contact": {"big": "b" * 4000, "list": ["x"] * 99}, "now": NOW}
    with pytest.raises(RenderFailed):
        Template(source).render(big)


@pytest.mark.parametrize(
    "source",
    [
        "{{", "{{{ reply }}", "{{ }}", "{% if %}", "{% assign x = 1 %}",
        "{% capture x %}{% endcapture %}",
        "{% for i in (1..9) %}{% endfor %}", "{{ (1..contact.n) | join: ',' }}",
        "{% if true %}{% for i in contact.list %}{{ (1..3) | sort }}{% endfor %}{% endif %}",
        "{% case (1..2) %}{% when 1 %}{% endcase %}", "{% if (1..2) contains 1 %}{% endif %}",
        "{% render 'x' %}", "{% increment x %}", "{{ reply | base64_decode }}", "{% for %}",
        "{% if a %}" * 200 + "{% endif %}" * 200, "x" * 9000,
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused(source: str) -> None:
    with pytest.raises(BadTemplate):
        Template(source).render(VALUES)


def test_a_moment_is_shown_on_a_clock_one_names() -> None:
    source = "{{ now | date: '%H:%M', 'America/New_York' }} {{ '2026-03-02' | date: '%d/%m' }}"
    assert Template(source).render(VALUES) == "10:30 02/03"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "https://x.example/{{ contact.a }}?q={{ contact.b }}",
            "https://x.example/..%2F?q=%26b%3D1",
        ),
        ("http://127.0.0.1:80", "http://127.0.0.1:80"),
    ],
)
def test_values_in_a_url_stay_in_their_place(source: str, text: str) -> None:
    assert UrlTemplate(source).render({"contact": {"a": "../", "b": "&b=1"}}) == text


@pytest.mark.parametrize(
    "source",
    [
        "https://{{ contact.a }}/", "{{ contact.a }}", "https://x{{ contact.a }}.example/",
        "file:///etc/passwd", "https://x.example/{{ contact.a | upcase }}", "javascript:alert(1)",
        "https://user@x.example/",
    ],
)  # fmt: skip
def test_no_value_chooses_the_host(source: str) -> None:
    with pytest.raises(BadTemplate):
        UrlTemplate(source)
