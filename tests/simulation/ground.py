"""A database for each simulation on the server of the tests, and what a few of them need."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from campana.services import documents
from campana.simulation import document, play, trial, virtual_time
from campana.simulation.play import Played
from campana.simulation.trial import Trial
from campana.store.throwaway import throwaway

WEEK = """
name: Reminders
type: VoiceBot
channelType: Voice
window:
  mon: [{from: "09:00", to: "12:00"}]
  tue: [{from: "09:00", to: "12:00"}]
cadence:
  maxAttempts: 3
  busy: {attempts: 2, delaySeconds: 900}
  noAnswer: {attempts: 2, delaySeconds: 14400}
voiceBot:
  greeting: Hello {{ contact.first_name }}.
  steps: [{type: end, id: bye, text: Goodbye.}]
contacts:
  count: 12
  zones: {America/New_York: 1, America/Los_Angeles: 1}
simulation:
  channel: {rate: 1, lines: 5}
  carrier: {mix: {Voice: {completed: 2, busy: 1, no_answer: 1}}}
"""


def campaign(**changes: Any) -> Mapping[str, Any]:
    """The file above as plain values."""
    raw = documents.read_yaml(WEEK)
    assert isinstance(raw, dict)
    return documents.merge(raw, changes)


def played(
    server: str,
    template: str,
    raw: Mapping[str, Any],
    *,
    seed: int = 1,
    folder: Path | None = None,
) -> Played:
    """What came of a simulation whose files are in `folder`."""
    scenario = document.read(raw, seed=seed)
    scenario = scenario if folder is None else scenario.beside(folder)
    with throwaway(server, template=template) as conninfo, tempfile.TemporaryDirectory() as blobs:
        return virtual_time.run(play.play(conninfo, scenario, seed=seed, folder=Path(blobs)))


def tried(server: str, template: str, *, seed: int) -> Trial:
    """What came of a trial."""
    with throwaway(server, template=template) as conninfo, tempfile.TemporaryDirectory() as folder:
        return virtual_time.run(trial.trial(conninfo, seed=seed, folder=Path(folder)))
