"""Everything wrong with a script, told at once and by place.

A script without problems cannot get stuck: every step it names exists and can be reached, it can
end, and it cannot go round without waiting for a person. It does not judge the wording.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import assert_never

from campana.domain import answers, transfer
from campana.domain.answers import Answer, Choice, Number, YesNo
from campana.domain.errors import FieldProblem
from campana.domain.placeholders import left_over, placeholders
from campana.domain.prompt_problems import problems as prompt_problems
from campana.domain.prompted import OptOutTool, TransferTool
from campana.domain.reach import REFUSAL, destination
from campana.domain.script import SAVED, Ask, Branch, End, Say, Script, Step, Transfer, UseTool
from campana.domain.script_result import problems_of_result
from campana.domain.sound_models import problems_of_hearing, problems_of_speech
from campana.domain.surveys import problems as problems_of_survey

KEYS = frozenset("0123456789*#")
SECONDS_TO_ANSWER = (1.0, 60.0)
MAX_REPROMPTS = 5
MIN_OPTIONS = 2
MOST_STEPS = 300
CALL_SECONDS = (5, 3600)
ENDPOINTING = (300, 3000)
"""Less is a pause between two words; with more a person thinks that nobody is there."""
TOOL_SECONDS = (1.0, 30.0)
FILLER_SECONDS = (0.3, 30.0)
_TO_WHOM = "must say to whom, or the bot must (transferTo)"


def problems(script: Script, *, is_whole: bool = True) -> list[FieldProblem]:
    """What must be mended before the script can be used, each with its JSON pointer.

    Of a script that is not whole, because parts could not be read, nothing is said of its paths.
    """
    found = list(_whole(script))
    introductions = {survey.at for survey in script.surveys}
    for index, step in enumerate(script.steps):
        at = script.at(index)
        found.extend(_alone(step, at, is_introduction=at in introductions))
    found.extend(_links(script))
    if script.prompt is not None:
        found.extend(prompt_problems(script.prompt))
    found.extend(problems_of_result(script))
    found.extend(_texts(script))
    found.extend(_language(script))
    if is_whole and not found:
        found.extend(_paths(script))
    return found


def _whole(script: Script) -> Iterator[FieldProblem]:
    if not script.greeting.strip():
        yield _problem("/greeting", "must say something")
    yield from _times(script)
    if not script.steps:
        yield _problem("/steps", "must have at least one step")
    if len(script.steps) > MOST_STEPS:
        yield _problem("/steps", f"are more than {MOST_STEPS}, with the questions of surveys")
    machine = script.on_machine
    if machine.do == "leave_message" and not (machine.message or "").strip():
        yield _problem("/onMachine/message", "must say what is left on the machine")
    if script.transfer_to is not None and (wrong := transfer.wrong_with(script.transfer_to)):
        yield _problem("/transferTo", wrong)
    yield from _models(script)
    for index, step in enumerate(script.steps):
        if isinstance(step, Transfer) and step.to is None and script.transfer_to is None:
            yield _problem(f"{script.at(index)}/to", _TO_WHOM)
    for index, tool in enumerate(script.prompt.tools if script.prompt is not None else ()):
        if isinstance(tool, TransferTool) and tool.to is None and script.transfer_to is None:
            yield _problem(f"/prompt/tools/{index}/to", _TO_WHOM)


def _times(script: Script) -> Iterator[FieldProblem]:
    low, high = CALL_SECONDS
    if not low <= script.max_seconds <= high:
        yield _problem("/maxSeconds", f"must be between {low} and {high}")
    low, high = ENDPOINTING
    if script.endpointing is not None and not low <= script.endpointing <= high:
        yield _problem("/endpointing", f"must be between {low} and {high} milliseconds")


def _texts(script: Script) -> Iterator[FieldProblem]:
    """Braces that would be read out, and names of what is never saved."""
    saved = _saved(script)
    for pointer, text in _said(script):
        if (left := left_over(text)) is not None:
            yield _problem(pointer, f"{left!r} is no field: write {{{{ contact.first_name }}}}")
        for name in sorted(placeholders(text)):
            if name.startswith(SAVED) and name.removeprefix(SAVED) not in saved:
                yield _problem(pointer, f"nothing is saved as {name.removeprefix(SAVED)!r}")


def _said(script: Script) -> list[tuple[str, str]]:
    """Every text that may have placeholders, by where it is written."""
    said: list[tuple[str, str | None]] = [
        ("/greeting", script.greeting),
        ("/disclosure", script.disclosure),
        ("/onMachine/message", script.on_machine.message),
        ("/optOutText", script.opt_out_text),
        ("/callbackText", script.callback_text),
        ("/transferText", script.transfer_text),
        ("/transferFailedText", script.transfer_failed_text),
    ]
    for index, step in enumerate(script.steps):
        if isinstance(step, UseTool):
            said.append((f"{script.at(index)}/filler", step.filler))
            for name, value in step.arguments.items():
                told = value if isinstance(value, str) else None
                said.append((f"{script.at(index)}/arguments/{_escape(name)}", told))
        elif not isinstance(step, Branch):
            said.append((f"{script.at(index)}/text", step.text))
        if isinstance(step, Ask):
            said.append((f"{script.at(index)}/reprompt", step.reprompt))
            said.append((f"{script.at(index)}/keypad", step.keypad))
    if (prompt := script.prompt) is not None:
        said += [("/prompt/goal", prompt.goal), ("/prompt/persona", prompt.persona)]
        said.append(("/prompt/filler", prompt.filler))
    return [(pointer, text) for pointer, text in said if text is not None]


def _language(script: Script) -> Iterator[FieldProblem]:
    """What callees say is understood in English only; nobody is to find that out on the line."""
    hearing = script.hearing.language if script.hearing is not None else None
    if script.language and hearing and script.language != hearing:
        yield _problem("/hearing/language", f"is not the language of the bot, {script.language}")
    language = script.language or hearing or "en"
    if language == "en":
        return
    for index, step in enumerate(script.steps):
        if isinstance(step, Ask) and step.answer is not None:
            yield _problem(
                f"{script.at(index)}/answer",
                f"is understood in English only, not in {language}: ask for keys, or have a"
                " language model speak (prompt)",
            )
    tools = script.prompt.tools if script.prompt is not None else None
    if tools is not None and not any(isinstance(tool, OptOutTool) for tool in tools):
        yield _problem(
            "/prompt/tools",
            f"must have opt_out: whoever says so in {language} is understood by the model alone",
        )


def _models(script: Script) -> Iterator[FieldProblem]:
    """Who speaks and hears for it."""
    if script.voice is not None and script.speech is not None:
        yield _problem("/voice", "is our own voice: either that or speech")
    for pointer, message in problems_of_speech(script.speech) if script.speech is not None else ():
        yield _problem(f"/speech{pointer}", message)
    for pointer, message in problems_of_hearing(script.hearing) if script.hearing else ():
        yield _problem(f"/hearing{pointer}", message)


def _alone(step: Step, at: str, *, is_introduction: bool) -> Iterator[FieldProblem]:
    """What can be said of a step without looking at the others; a survey needs no introduction."""
    if not step.id.strip():
        yield _problem(f"{at}/id", "must not be empty")
    match step:
        case Say(text="") if is_introduction:
            pass
        case Say(text=text) | Ask(text=text) if not text.strip():
            yield _problem(f"{at}/text", "must say something")
        case Ask():
            yield from _question(step, at)
        case Branch(cases=cases) if not cases:
            yield _problem(f"{at}/cases", "must have at least one case")
        case Transfer():
            yield from _transfer(step, at)
        case UseTool():
            yield from _tool(step, at)
        case Say() | Branch() | End():
            pass
        case _:
            assert_never(step)


def _transfer(step: Transfer, at: str) -> Iterator[FieldProblem]:
    if step.to is not None and (wrong := transfer.wrong_with(step.to)):
        yield _problem(f"{at}/to", wrong)
    low, high = transfer.TIMEOUT_SECONDS
    if not low <= step.timeout_seconds <= high:
        yield _problem(f"{at}/timeoutSeconds", f"must be between {low:g} and {high:g}")


def _tool(step: UseTool, at: str) -> Iterator[FieldProblem]:
    if destination(step.tool.url, allow_loopback=True) is None:
        yield _problem(f"{at}/url", REFUSAL)
    for name, value, (low, high) in (
        ("timeoutSeconds", step.tool.seconds, TOOL_SECONDS),
        ("fillerSeconds", step.filler_seconds, FILLER_SECONDS),
    ):
        if not low <= value <= high:
            yield _problem(f"{at}/{name}", f"must be between {low:g} and {high:g}")
    for name, path in step.saves.items():
        if not all(path.split(".")):
            yield _problem(f"{at}/save/{_escape(name)}", "must be a path such as slots.0.day")


def _question(ask: Ask, at: str) -> Iterator[FieldProblem]:
    if not ask.keys and ask.answer is None:
        yield _problem(f"{at}/keys", "must expect at least one key, or an answer in words")
    if ask.answer is not None:
        yield from _answer(ask.answer, f"{at}/answer")
        taken = answers.keys_of(ask.answer)
        for key in ask.keys:
            if key in taken:
                yield _problem(
                    f"{at}/keys/{_escape(key)}", f"the key {key} means an answer already"
                )
    for key in ask.keys:
        if key not in KEYS:
            yield _problem(f"{at}/keys/{_escape(key)}", f"{key!r} is not a key: 0 to 9, * or #")
    low, high = SECONDS_TO_ANSWER
    if not low <= ask.timeout_seconds <= high:
        yield _problem(f"{at}/timeoutSeconds", f"must be between {low:g} and {high:g}")
    if not 0 <= ask.reprompts <= MAX_REPROMPTS:
        yield _problem(f"{at}/reprompts", f"must be between 0 and {MAX_REPROMPTS}")


def _answer(answer: Answer, at: str) -> Iterator[FieldProblem]:
    """What is wrong with a kind of answer."""
    match answer:
        case Choice(options=options):
            if len(options) < MIN_OPTIONS:
                yield _problem(f"{at}/options", "must offer at least two answers")
            for index, option in enumerate(options):
                where = f"{at}/options/{index}"
                before = options[:index]
                if option.value in {other.value for other in before}:
                    yield _problem(f"{where}/value", f"{option.value!r} is offered already")
                if option.key not in KEYS:
                    yield _problem(f"{where}/key", f"{option.key!r} is not a key: 0 to 9, * or #")
                if option.key in {other.key for other in before}:
                    yield _problem(f"{where}/key", f"the key {option.key} means another answer")
                if not option.phrases or not all(phrase.strip() for phrase in option.phrases):
                    yield _problem(f"{where}/phrases", "must be words that people say")
        case Number(least=least, most=most):
            if least is not None and most is not None and least > most:
                yield _problem(f"{at}/min", "must not be more than max")
        case _:
            pass


def _links(script: Script) -> Iterator[FieldProblem]:
    """Ids that are not unique, names that lead nowhere, answers nobody gives."""
    ids = Counter(step.id for step in script.steps)
    saved = _saved(script)
    seen: set[str] = set()
    for survey in script.surveys:
        yield from problems_of_survey(survey, ids=ids)
    for index, step in enumerate(script.steps):
        at = script.at(index)
        if step.id in seen:
            yield _problem(f"{at}/id", f"{step.id!r} is already the id of another step")
        seen.add(step.id)
        survey = next((each for each in script.surveys if step.id in each.questions), None)
        # What a survey names as a whole is told once, of the survey.
        told = survey.leads_to.values() if survey is not None else ()
        where = survey.at if survey is not None else at
        for pointer, target in _named(step).items():
            if not target:
                yield _problem(at + pointer, "nothing follows: name a step, or put an end after it")
            elif target not in ids and target not in told:
                yield _problem(at + pointer, f"there is no step {target!r}")
        if _goes_on(step) and index == len(script.steps) - 1:
            yield _problem(f"{where}/next", "nothing follows: name a step, or put an end after it")
        if isinstance(step, Branch) and step.on not in saved:
            yield _problem(f"{at}/on", f"nothing is saved as {step.on!r}")


def _saved(script: Script) -> frozenset[str]:
    """The names of all that may be saved: answers, values of tools, and what a model sets."""
    names = {step.save_as for step in script.steps if isinstance(step, Ask) and step.save_as}
    names |= {name for step in script.steps if isinstance(step, UseTool) for name in step.saves}
    result = script.prompt.result if script.prompt is not None else None
    return frozenset(names | set((result or {}).get("properties") or ()))


def _paths(script: Script) -> Iterator[FieldProblem]:
    """Steps out of reach, no end in reach, and rounds in which nobody is asked."""
    steps = {step.id: step for step in script.steps}
    ways = {step.id: _ways(script, index) for index, step in enumerate(script.steps)}
    reached = _reach(ways, script.steps[0].id)
    for index, step in enumerate(script.steps):
        if step.id not in reached:
            yield _problem(script.at(index), f"nothing leads to step {step.id!r}")
    if not any(isinstance(steps[step_id], End | Transfer) for step_id in reached):
        yield _problem("/steps", "the conversation never comes to an end step")
    silent = {i: () if isinstance(steps[i], Ask) else targets for i, targets in ways.items()}
    for index, step in enumerate(script.steps):
        if any(step.id in _reach(silent, following) for following in silent[step.id]):
            yield _problem(script.at(index), f"step {step.id!r} comes round without asking")


def _ways(script: Script, index: int) -> tuple[str, ...]:
    """Every step that may follow the one at `index`."""
    step = script.steps[index]
    named = tuple(_named(step).values())
    return (*named, script.steps[index + 1].id) if _goes_on(step) else named


def _goes_on(step: Step) -> bool:
    """May the step below it follow, unnamed?"""
    match step:
        case Say(next=None) | UseTool(next=None):
            return True
        case Ask(answer=YesNo(yes=str(), no=str())):
            return False
        case Ask(answer=Choice(options=options)) if all(each.to for each in options):
            return False
        case Ask(next=None) if step.answer is not None:
            return True
        case _:
            return False


def _reach(ways: Mapping[str, tuple[str, ...]], first: str) -> set[str]:
    reached: set[str] = set()
    waiting = [first]
    while waiting:
        step_id = waiting.pop()
        if step_id not in reached:
            reached.add(step_id)
            waiting.extend(ways[step_id])
    return reached


def _named(step: Step) -> dict[str, str]:
    """The steps that this one names: pointer below the step → id."""
    named: dict[str, str | None] = {}
    match step:
        case Say():
            named = {"/next": step.next}
        case Ask():
            named = {f"/keys/{_escape(key)}": target for key, target in step.keys.items()}
            named |= _named_by(step.answer)
            named |= {"/next": step.next, "/otherwise": step.otherwise}
        case Branch():
            named = {f"/cases/{_escape(case)}": target for case, target in step.cases.items()}
            named["/otherwise"] = step.otherwise
        case Transfer():
            named = {"/otherwise": step.otherwise}
        case UseTool():
            named = {"/next": step.next, "/otherwise": step.otherwise}
        case End():
            pass
        case _:
            assert_never(step)
    return {pointer: target for pointer, target in named.items() if target is not None}


def _named_by(answer: Answer | None) -> dict[str, str | None]:
    match answer:
        case YesNo():
            return {"/answer/yes": answer.yes, "/answer/no": answer.no}
        case Choice(options=options):
            return {f"/answer/options/{n}/next": each.to for n, each in enumerate(options)}
        case _:
            return {}


def _escape(token: str) -> str:
    """A token of a JSON pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=pointer, message=message)
