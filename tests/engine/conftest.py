"""What the engine's tests share."""

from __future__ import annotations

import pytest

from campana.engine.webhooks import Deliverer
from campana.services.context import Context


@pytest.fixture
def deliverer(engine_context: Context) -> Deliverer:
    """One process's share of the delivering."""
    return Deliverer(engine_context)
