"""What a work process repeats, and how long each rests."""

from __future__ import annotations

from campana.engine.accounts import Accounts
from campana.engine.answerer import Answerer
from campana.engine.applier import Applier
from campana.engine.dispatcher import Dispatcher
from campana.engine.duty import OFF_DUTY_AT_CHANNELS, Duty
from campana.engine.flow_timers import FlowTimers
from campana.engine.inquirer import Inquirer
from campana.engine.runner import Loop
from campana.engine.sweeper import Sweeper
from campana.services.context import Context

ACCOUNT_SECONDS = 5.0
"""How often a worker looks for attempts of its own that it knows nothing of."""


def answer_loops(answerer: Answerer, *, duty: Duty | None = None) -> list[Loop]:
    """What a work process repeats for conversations."""
    return [
        Loop(name="answer", step=answerer.step, rest=0.2, longest=0.4, duty=duty),
        Loop(name="account of answers", step=answerer.ownership.account, rest=ACCOUNT_SECONDS),
    ]


def work_loops(context: Context, *, accounts: Accounts, dispatcher: Dispatcher) -> list[Loop]:
    """What a work process repeats: the dispatcher first, then what keeps the ledger true."""
    duty, ask = dispatcher.duty, Inquirer(context, accounts=accounts).step
    return [
        Loop(
            name="dispatch",
            step=dispatcher.step,
            rest=0.05,
            longest=0.25,
            is_awake=lambda: dispatcher.is_awaited,  # what has nothing to give is asked again soon
            duty=duty,
            off_duty=OFF_DUTY_AT_CHANNELS,
        ),
        *Sweeper(context, duty=duty).loops(),
        *Applier(context, duty=duty).loops(),
        Loop(name="inquire", step=ask, rest=0.5, longest=1.0, duty=duty),
        *FlowTimers(context, duty=duty).loops(),
        Loop(name="account", step=dispatcher.ownership.account, rest=ACCOUNT_SECONDS),
    ]
