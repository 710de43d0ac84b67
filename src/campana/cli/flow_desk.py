"""What `campana flow validate`, `schema` and `run` do; loaded when one of them is asked for."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import typer

from campana import bootstrap
from campana.cli import problems
from campana.cli.files import read_text
from campana.cli.flow_talk import HELP, Talk, lines
from campana.cli.session import FAILED, print_json, told
from campana.domain.clock import parse_moment, wire
from campana.domain.errors import InvalidParameter
from campana.domain.window import zone_named
from campana.flow import inputs
from campana.flow import session as sessions
from campana.flow.inputs import Input
from campana.flow.interpreter import Sprint
from campana.flow.schema import flow_schema
from campana.flow.session import Contact, Trigger
from campana.services import flow_files
from campana.services.flow_files import Checked


def validate(file: Path, *, as_json: bool) -> None:
    """Say everything that is wrong with a flow; exit code 1 when something is."""
    checked = _check(file)
    if as_json:
        print_json(
            {
                "isValid": checked.flow is not None,
                "version": checked.flow and checked.flow.version,
                "problems": [problems.fields(each) for each in checked.problems],
                "warnings": [problems.fields(each) for each in checked.warnings],
            }
        )
    elif checked.flow:
        _explain(file, checked)
        count = sum(len(graph.nodes) for graph in checked.flow.graphs.values())
        typer.echo(f"{file}: {checked.flow.head.name}, {count} nodes, {checked.flow.version}")
    else:
        _explain(file, checked)
    if checked.flow is None:
        raise typer.Exit(FAILED)


def schema() -> None:
    """Print the JSON Schema of flows, for editors."""
    print_json(flow_schema())


def try_out(
    file: Path,
    *,
    contact: list[str] | None,
    param: list[str] | None,
    zone: str,
    at: str | None,
    as_json: bool,
) -> None:
    """Talk to a flow: what is typed is what the contact writes."""
    checked = _check(file)
    if checked.flow is None:
        _explain(file, checked)
        raise typer.Exit(FAILED)
    with told():
        talk = Talk(
            checked.flow,
            contact=Contact(fields=_pairs(contact, option="contact"), zones=(_zone(zone),)),
            trigger=Trigger(params=_pairs(param, option="param")),
            now=_moment(at),
        )
        _show(talk.last, as_json=as_json)
        for line in sys.stdin:
            if talk.is_over or not _say(talk, line.rstrip("\r\n"), as_json=as_json):
                break
    if talk.session.outcome == "failed":
        raise typer.Exit(FAILED)


def _say(talk: Talk, line: str, *, as_json: bool) -> bool:
    """One typed line; whether to read another."""
    match line.strip():
        case "/quit":
            return False
        case "/help":
            typer.echo(HELP, err=as_json)
        case "/show":
            typer.echo(json.dumps(dict(talk.session.variables), ensure_ascii=False), err=as_json)
        case "":
            pass
        case _:
            try:
                understood = talk.understand(line)
            except InvalidParameter as error:
                typer.echo(f"campana: {error}", err=True)
            else:
                _show(talk.tell(understood), as_json=as_json, heard=understood, now=talk.now)
    return not talk.is_over


def _show(
    sprint: Sprint, *, as_json: bool, heard: Input | None = None, now: datetime | None = None
) -> None:
    if not as_json:
        for line in lines(sprint):
            typer.echo(line)
        return
    answer: dict[str, object] = {
        "input": heard and inputs.as_json(heard),
        "at": wire(now),
        "events": sprint.as_json(),
        "path": list(sprint.path),
    }
    if sprint.session.status == "ended":
        answer["session"] = sessions.as_json(sprint.session)
    typer.echo(json.dumps(answer, ensure_ascii=False))


def _check(file: Path) -> Checked:
    with told():
        return flow_files.check(read_text(file))


def _explain(file: Path, checked: Checked) -> None:
    problems.explain(file, (*checked.problems, *checked.warnings))


def _pairs(given: list[str] | None, *, option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for each in given or ():
        name, is_pair, value = each.partition("=")
        if not is_pair:
            raise InvalidParameter(f"--{option} must look like name=value.")
        pairs[name] = value
    return pairs


def _zone(name: str) -> str:
    if zone_named(name) is None:
        raise InvalidParameter(f"--zone {name} is no time zone.")
    return name


def _moment(text: str | None) -> datetime:
    if text is None:
        return bootstrap.wall_clock()
    try:
        return parse_moment(text)
    except ValueError as error:
        raise InvalidParameter(f"--at {text}: {error}.") from None
