"""What a bot under test is called with."""

from __future__ import annotations

from campana.domain.sample_fields import sample_fields
from campana.domain.script import End, OnMachine, Script

MINDING = Script(
    greeting="Hello {{ contact.first_name }}.",
    steps=(End(id="end"),),
    on_machine=OnMachine(do="hang_up"),
    opt_out_text="{{ contact.home_town }} will not call you again.",
    callback_text="{{ contact.sales_rep }} will call you {{ when }}.",
)


def test_every_field_a_bot_names_has_a_sample_whenever_it_is_said() -> None:
    assert sample_fields(MINDING) == {
        "contact.first_name": "Maria",
        "contact.home_town": "home town",
        "contact.sales_rep": "sales rep",
    }
