"""Words that are read elsewhere: without scores, and by our own models once that has failed."""

from __future__ import annotations

import pytest

from campana.voice.ears.call_ears import CallEars
from campana.voice.ears.hearing import Ears, Read
from campana.voice.mind import Lost, Stalled
from campana.voice.stalls import LATELY, Stalls
from tests.voice.hears import LevelModels


class Elsewhere:
    """Says these one after another, or fails so."""

    key = "there"

    def __init__(self, *answers: str | Lost) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def read(self, pcm: bytes) -> str:
        del pcm
        self.asked += 1
        answer = self._answers.pop(0)
        if isinstance(answer, Lost):
            raise answer
        return answer


async def heard(ears: CallEars, seconds: float = 2.0) -> Read:
    return await ears.read(bytes(16_000), spoken_seconds=seconds, phrases=["yes"])


async def test_the_words_come_from_there_and_what_nobody_said_is_left_out() -> None:
    own = Ears(LevelModels())
    ears = CallEars(own, Elsewhere("Yes, I can.", "[music] you", "Thank you."))
    assert await heard(ears) == Read(text="Yes, I can.", scores={})
    assert (await heard(ears)).text == ""
    assert (await heard(ears, seconds=0.2)).text == ""
    assert ears.failure is None
    assert own.may_read_ahead
    assert not ears.may_read_ahead, "an endpoint would be paid for what may not be all of it"
    own.close()


@pytest.mark.parametrize("lost", [Lost("it lied"), Stalled("it stalled")])
async def test_once_it_failed_our_own_models_read_that_and_all_after_it(lost: Lost) -> None:
    own, there, stalls = Ears(LevelModels("No.", "Stop.", "Yes.")), Elsewhere(lost), Stalls(float)
    ears = CallEars(own, there, stalls=stalls)
    assert [(await heard(ears)).text for _ in range(2)] == ["No.", "Stop."]
    assert (ears.failure, there.asked) == (str(lost), 1)
    assert ears.may_read_ahead
    after = CallEars(own, Elsewhere("Perhaps."), stalls=stalls)
    is_stalled = isinstance(lost, Stalled)
    assert after.failure == (LATELY if is_stalled else None)
    assert (await heard(after)).text == ("Yes." if is_stalled else "Perhaps.")
    own.close()


async def test_where_there_are_no_words_of_our_own_there_are_none() -> None:
    models = LevelModels("No.")
    models.wordless = "there is no such model"
    own = Ears(models)
    assert own.wordless == "there is no such model"
    assert (await heard(CallEars(own, Elsewhere(Lost("it lied"))))).text == ""
    own.close()
