"""`campana flow` as a person, a script and an editor use it."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from campana.cli import app
from campana.flow.definition import load
from campana.flow.nodes import NODES
from campana.flow.schema import flow_schema
from campana.services import documents, flow_files
from tests.support.flow import CASES

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "flow.schema.json"
PAGE = (ROOT / "docs" / "flows.md").read_text("utf-8")
EXAMPLES = sorted((ROOT / "docs" / "flows").glob("*.yaml"))
REFRESH = "CAMPANA_REFRESH_FLOW_SCHEMA"

FLOW = """\
name: Hello
nodes:
  begin: {type: start, next: ask}
  ask:
    type: send_message
    text: Hello {{ contact.first_name }}
    quickReplies:
      - {id: "yes", title: Yes}
      - {id: "no", title: No}
    next: answer
  answer:
    type: wait_for_response
    timeoutSeconds: 3600
    saveAs: answer
    next: which
    onTimeout: gone
  which:
    type: response_branch
    cases: [{choice: "yes", next: done}]
    otherwise: ask
  done: {type: end}
  gone: {type: end, status: no_answer}
"""


def campana(*words: str, typed: str = "") -> Result:
    """What the command says; `typed` is its standard input."""
    return CliRunner().invoke(app, ["flow", *words], input=typed)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hello.yaml"
    path.write_text(FLOW, "utf-8")
    return path


def objects(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_good_flow_is_told_with_its_version(file: Path) -> None:
    result = campana("validate", str(file))
    assert result.exit_code == 0
    version = load(documents.read_yaml(FLOW)).version
    assert result.stdout == f"{file}: Hello, 6 nodes, {version}\n"


def test_each_problem_is_told_with_its_line(file: Path) -> None:
    broken = (
        FLOW.replace("type: response_branch", "type: respons_branch")
        .replace("    onTimeout: gone\n", "")
        .replace("contact.first_name", "contact.frist_name")
        .replace("name: Hello", "name: Hello\ncolour: red")
    )
    file.write_text(broken, "utf-8")
    result = campana("validate", str(file))
    assert result.exit_code == 1
    lines = [line.removeprefix(f"{file}:") for line in result.stderr.splitlines()]
    assert [line.partition(" is ")[0] for line in lines] == [
        "2: /colour:",
        "7: /nodes/ask/text: contact.frist_name",
        "12: /nodes/answer/onTimeout:",
        "18: /nodes/which/type: 'respons_branch'",
    ]


def test_problems_are_for_programs_too(file: Path) -> None:
    file.write_text(FLOW.replace("next: ask}", "next: nowhere}"), "utf-8")
    result = campana("validate", str(file), "--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert not told["isValid"]
    assert {"line": 3, "pointer": "/nodes/begin/next", "message": "there is no node 'nowhere'"} in (
        told["problems"]
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", ":1: "),
        ("name: x\nname: y", ":2: 'name' stands twice"),
        ("", ":1: must be an object"),
        ("- 1", ":1: must be an object"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nnodes: {begin: {type: start, next: *b}}", ":3: "),
        ("name: x\nnodes: {begin: {type: [start]}}", ":2: /nodes/begin/type: must be one of"),
    ],
)
def test_what_is_no_flow_is_told_by_its_line(file: Path, text: str, said: str) -> None:
    file.write_text(text, "utf-8")
    result = campana("validate", str(file))
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_small_text_that_would_be_large_is_told(file: Path) -> None:
    layers = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 20))
    file.write_text(f"l0: &l0 x\n{layers}\nnodes: *l19\n", "utf-8")
    result = campana("validate", str(file))
    assert result.exit_code == 1
    assert "/nodes: must be an object" in result.stderr


def test_what_is_not_utf_8_is_told(file: Path) -> None:
    file.write_bytes(b"name: \xff")
    assert "is not UTF-8" in campana("validate", str(file)).stderr
    assert campana("validate", str(file.parent / "gone.yaml")).exit_code == 2


def test_one_talks_to_it_and_presses_its_buttons(file: Path) -> None:
    begun = ("run", str(file), "--contact", "first_name=Ana", "--at", "2026-03-02T15:00:00Z")
    said = campana(*begun, typed="maybe\n2\nYES\n").stdout.splitlines()
    assert said.count("flow > Hello Ana") == 3
    assert said[-1] == "ended: completed"


def test_a_script_gets_one_object_a_line(file: Path) -> None:
    result = campana(
        "run", str(file), "--json", "--at", "2026-03-02T15:00:00Z", typed="/skip\nnever read\n"
    )
    first, second = objects(result)
    assert result.exit_code == 0
    assert [event["type"] for event in first["events"]] == ["sendMessage", "waitStarted"]
    assert second["input"] == {"type": "timedOut", "wait": 1}
    assert second["at"] == "2026-03-02T16:00:00Z"
    assert second["session"]["outcome"] == "no_answer"


def test_words_that_do_not_fit_are_told_and_change_nothing(file: Path) -> None:
    typed = "/shout\n/call completed\n\n/show\n/help\n/quit\nYes\n"
    result = campana("run", str(file), "--at", "2026-03-02", typed=typed)
    assert "/shout is no word here" in result.stderr
    assert "Nothing waits for /call now" in result.stderr
    assert "/skip" in result.stdout
    assert "{}" in result.stdout
    assert "\nended:" not in result.stdout
    assert result.exit_code == 0


def test_a_session_that_fails_ends_with_1(file: Path) -> None:
    file.write_text(FLOW.replace("Hello {{ contact.first_name }}", "'{{ reply }}'"), "utf-8")
    result = campana("run", str(file), "--at", "2026-03-02")
    assert result.exit_code == 1
    assert "ended: failed, a text is empty" in result.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--zone", "Mars/Olympus"], "--zone Mars/Olympus is no time zone"),
        (["--at", "tomorrow"], "--at tomorrow"),
        (["--contact", "Ana"], "--contact must look like name=value"),
        (["--param", "7"], "--param must look like name=value"),
    ],
)
def test_a_wrong_option_is_named(file: Path, options: list[str], said: str) -> None:
    result = campana("run", str(file), *options)
    assert result.exit_code == 1
    assert said in result.stderr


CALLS = """\
name: Calls
nodes:
  begin: {type: start, next: call}
  call: {type: voice_call, bot: b, otherwise: ring, timeoutSeconds: 60, onTimeout: ring, saveAs: call}
  ring: {type: wait_inbound_call, timeoutSeconds: 60, onTimeout: end, next: keys}
  keys: {type: gather, text: Press 1, cases: {"1": suits}, timeoutSeconds: 5, onTimeout: end}
  suits:
    {type: gather, text: Does it suit, answer: {type: yes_no}, cases: {"yes": thanks},
     next: end, timeoutSeconds: 5, onTimeout: end}
  thanks: {type: say, text: Thank you, next: through, onNoAnswer: end}
  through: {type: voice_transfer, to: "+12025550123", timeoutSeconds: 60, next: row, onFailure: row}
  row: {type: lookup, table: t, key: k, saveAs: row, next: ask, onMissing: ask}
  ask: {type: webhook, url: "https://x.example", timeoutSeconds: 5, next: person, onFailure: person}
  person: {type: handoff, timeoutSeconds: 60, next: told, onTimeout: told}
  told:
    {type: send_message, text: Bye, confirm: read, timeoutSeconds: 9, onFailure: end, next: end}
  end: {type: end}
"""  # noqa: E501


def test_the_rest_of_the_world_can_be_played(file: Path) -> None:
    file.write_text(CALLS, "utf-8")
    words = ["/call busy", "/ring", "/keys 1", "/hear Yes, it does.", "/said", "/unconnected",
             '/row {"a": 1}', "/answer 500 {}", "/back", "/sent", "/read"]  # fmt: skip
    result = campana("run", str(file), "--json", "--at", "2026-03-02", typed="\n".join(words))
    assert objects(result)[-1]["session"]["outcome"] == "completed"
    assert result.stderr == ""
    for also in (["/hangup"], ["/keys 1", "/keys 2"], ["/keys 1", "/keys 1", "/hangup"]):
        typed = "\n".join(["/call completed fine", "/ring", *also])
        result = campana("run", str(file), "--at", "2026-03-02", typed=typed)
        assert result.stdout.endswith("ended: completed\n")
    broken = campana("run", str(file), "--at", "2026-03-02", typed="/call lost\n")
    assert "must be one of completed" in broken.stderr


def test_the_committed_schema_is_the_one_the_program_prints() -> None:
    printed = campana("schema").stdout
    if os.environ.get(REFRESH):
        SCHEMA.write_text(printed, "utf-8")
    assert printed == SCHEMA.read_text("utf-8"), (
        f"nodes changed: look at the difference, then run this test with {REFRESH}=1"
    )


def judged(document: object) -> bool:
    """Whether an editor that knows the schema finds nothing wrong."""
    return Draft202012Validator(flow_schema()).is_valid(document)  # pyright: ignore[reportArgumentType]


def test_the_schema_takes_every_flow_of_the_cases_and_knows_every_node() -> None:
    Draft202012Validator.check_schema(flow_schema())
    for path in CASES.glob("*.json"):
        assert judged(json.loads(path.read_text("utf-8"))["flow"]), path.name
    assert flow_schema()["$defs"].keys() == {"nodes", *NODES}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("type: send_message", "type: send_mesage"),
        ("timeoutSeconds: 3600", "timeoutSeconds: soon"),
        ("timeoutSeconds: 3600", "timeoutSeconds: 0"),
        ("    onTimeout: gone\n", ""),
        ("saveAs: answer", "saveTo: answer"),
        ("next: which", "next: the branch"),
        ("name: Hello", "title: Hello"),
    ],
)
def test_the_schema_finds_what_the_reader_finds(old: str, new: str) -> None:
    document = documents.read_yaml(FLOW.replace(old, new))
    assert not judged(document)
    assert flow_files.check(FLOW.replace(old, new)).problems


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_valid_for_the_program_and_for_editors(path: Path) -> None:
    text = path.read_text("utf-8")
    assert flow_files.check(text).problems == ()
    assert judged(documents.read_yaml(text))


CONSOLES = re.findall(r"```console\n\$ campana flow (.*?)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("command", "shown"), CONSOLES)
def test_a_talk_on_the_page_goes_as_shown(
    command: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    lines = shown.splitlines()
    typed = "".join(line.removeprefix("> ") + "\n" for line in lines if line.startswith("> "))
    result = campana(*shlex.split(command), typed=typed)
    assert result.stdout.splitlines() == [line for line in lines if not line.startswith("> ")]


def test_the_flow_on_the_page_can_be_used_and_its_mistakes_are_told(file: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert flow_files.check(text).problems == ()
    file = file.rename(file.with_name("feedback.yaml"))
    mistaken = text.replace("next: answer}", "next: anser}").replace(", onTimeout: gone", "")
    file.write_text(mistaken, "utf-8")
    told = campana("validate", str(file)).stderr.replace(f"{file.parent}/", "")
    shown = re.search(r"```\n(feedback.*?)```", PAGE, re.DOTALL)
    assert shown
    for line in shown[1].splitlines():
        assert line in told


def test_the_page_names_every_node() -> None:
    assert {kind for kind in NODES if f"`{kind}`" not in PAGE} == set()


def test_a_node_that_no_campaign_runs_is_told_with_its_line(tmp_path: Path) -> None:
    text = FLOW.replace('yes", next: done}]', 'yes", next: spoken}]')
    node = (
        '  spoken: {type: voice_transfer, to: "+12025550123", mode: warm, timeoutSeconds: 9,'
        " next: done, onFailure: done}"
    )
    text += f"{node}\n"
    file = tmp_path / "hello.yaml"
    file.write_text(text, "utf-8")
    line = text.splitlines().index(node) + 1
    told = campana("validate", str(file))
    assert told.exit_code == 0
    assert f"{file}:{line}: /nodes/spoken: hands over warm" in told.output
    [found] = json.loads(campana("validate", str(file), "--json").stdout)["warnings"]
    assert (found["line"], found["pointer"]) == (line, "/nodes/spoken")
