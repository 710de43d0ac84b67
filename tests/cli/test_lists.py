"""`campana lists` as a person runs it: exit codes, sentences, and nothing done twice."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from campana.cli.lists import app
from tests.support.people import ANA, BRUNO, csv_of, reserved_numbers

Campana = Callable[..., Result]


@pytest.fixture
def campana(conninfo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Campana:
    """Run `campana lists …` in this process, on a fresh database."""
    monkeypatch.setenv("CAMPANA_DATABASE_URL", conninfo)
    monkeypatch.setenv("CAMPANA_DATA_DIR", str(tmp_path / "state"))

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(app, [str(word) for word in words])

    return run


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    rows = [["201 555 0101", "Ana"], ["nobody", "Bru\x1b[31mno"], [ANA, "Ana again"]]
    file.write_bytes(csv_of(["Mobile", "First Name"], rows))
    return file


def shown(result: Result) -> dict[str, object]:
    return json.loads(result.stdout)


def test_imports_a_file_and_says_what_became_of_each_row(campana: Campana, people: Path) -> None:
    done = campana("import", "People", people, "--country", "us")
    assert done.exit_code == 0, done.output
    assert "accepted" in done.stdout
    import_id = done.stdout.split("campana lists errors ")[1].split()[0]
    errors = campana("errors", import_id)
    assert errors.exit_code == 0
    assert "this is not a phone" in errors.stdout
    assert "\x1b" not in errors.stdout
    assert json.loads(campana("errors", import_id, "--json").stdout) == [
        {
            "row": 2,
            "column": "Mobile",
            "value": "nobody",
            "reason": "this is not a phone number",
            "suggestion": "fill in a phone number, or take the row out",
        }
    ]


def test_the_first_rows_that_are_rejected_are_shown_and_where_the_others_are(
    campana: Campana, people: Path
) -> None:
    done = campana("import", "People", people, "--country", "US")
    assert done.exit_code == 0
    assert "row 2, Mobile: this is not a phone number (nobody)" in done.stdout
    assert "more" not in done.stdout
    people.write_bytes(csv_of(["phone"], [[f"nobody {n}"] for n in range(8)]))
    lines = campana("import", "Others", people).stdout.splitlines()
    told = [line for line in lines if line.startswith("row ")]
    assert [line.split(", ")[0] for line in told] == [f"row {n}" for n in range(1, 6)]
    assert lines[-2] == "and 3 more"
    assert lines[-1].startswith("Rejected rows: campana lists errors imp_")


def test_json_is_all_that_is_printed(campana: Campana, people: Path) -> None:
    done = campana("import", "People", people, "--country", "US", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    printed = shown(done)
    assert {key: printed[key] for key in ("state", "rows", "accepted", "updated")} == {
        "state": "done",
        "rows": 3,
        "accepted": 1,
        "updated": 0,
    }
    assert {key: printed[key] for key in ("duplicate", "rejected", "problem", "fileName")} == {
        "duplicate": 1,
        "rejected": 1,
        "problem": None,
        "fileName": "people.csv",
    }


def test_a_second_import_goes_into_the_same_list(campana: Campana, people: Path) -> None:
    campana("import", "People", people, "--country", "US")
    again = campana(
        "import",
        "People",
        people,
        "--duplicates",
        "update",
        "--map",
        "last_name=First Name",
        "--json",
    )
    assert (shown(again)["updated"], shown(again)["rejected"]) == (2, 1)
    [found] = json.loads(campana("list", "--json").stdout)
    assert (found["name"], found["defaultCountry"], found["contactCount"]) == ("People", "US", 1)
    assert "People" in campana("list").stdout


@pytest.mark.parametrize(
    ("content", "words", "sentence"),
    [
        (b"", [], "people.csv: the file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0", [], "people.csv: this is not a CSV file but a PNG picture"),
        (
            b"tel,who\n1,Ana\n",
            ["--map", "phone=Mobile"],
            "people.csv: --map phone: the file has no column 'Mobile'; its columns are: tel, who",
        ),
        (b"who\nAna\n", [], "--map phone: no column is named like a phone number or e-mail"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_nothing(
    campana: Campana, people: Path, content: bytes, words: list[str], sentence: str
) -> None:
    people.write_bytes(content)
    refused = campana("import", "People", people, *words)
    assert refused.exit_code == 1
    assert sentence in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.output
    assert json.loads(campana("list", "--json").stdout) == []


@pytest.mark.parametrize(
    "words",
    [
        ["import", "People"],
        ["import", "People", "/nowhere.csv"],
        ["import", "People", __file__, "--country", "USA"],
        ["import", "People", __file__, "--map", "phone"],
        ["import", "People", __file__, "--duplicates", "maybe"],
        ["errors"],
    ],
)
def test_wrong_usage_is_exit_code_2(campana: Campana, words: list[str]) -> None:
    assert campana(*words).exit_code == 2


@pytest.mark.parametrize("words", [["errors", "imp_nowhere"], ["follow", "imp_nowhere"]])
def test_what_is_not_there_is_exit_code_1(campana: Campana, words: list[str]) -> None:
    assert campana(*words).exit_code == 1


@contextmanager
def importing(file: Path) -> Generator[subprocess.Popen[bytes]]:
    """`campana lists import` in a process of its own."""
    command = [sys.executable, "-m", "campana", "lists", "import", "Many", str(file), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def progress(conninfo: str, process: subprocess.Popen[bytes], *, rows_done: int) -> tuple[str, int]:
    """The only import and how far it is, once that is `rows_done` at least."""
    with psycopg.connect(conninfo, autocommit=True) as conn:
        while process.poll() is None:
            row = conn.execute("select id, rows_done from campana.imports").fetchone()
            if row is not None and row[1] >= rows_done:
                return row[0], row[1]
    raise AssertionError(f"the import ended with {process.returncode} before it began")


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_two_who_follow_one_import_do_each_row_once(
    campana: Campana, conninfo: str, tmp_path: Path
) -> None:
    file = tmp_path / "many.csv"
    numbers = reserved_numbers()[:5000]
    file.write_bytes(csv_of(["phone"], [[number] for number in numbers]))
    with importing(file) as first:
        import_id, _ = progress(conninfo, first, rows_done=0)
        second = campana("follow", import_id, "--json")
        printed, _ = first.communicate()
    assert (first.returncode, second.exit_code) == (0, 0)
    assert json.loads(printed) == shown(second)
    assert shown(second)["accepted"] == 5000


@pytest.mark.timeout(180)
def test_follow_finishes_what_a_killed_command_began(
    campana: Campana, conninfo: str, tmp_path: Path
) -> None:
    file = tmp_path / "many.csv"
    file.write_bytes(csv_of(["phone"], [[n] for n in reserved_numbers()[:8000]] + [[BRUNO]]))
    with importing(file) as first:
        import_id, done = progress(conninfo, first, rows_done=1)
        first.kill()
    assert 0 < done < 8001
    finished = campana("follow", import_id, "--json")
    assert finished.exit_code == 0
    assert (shown(finished)["accepted"], shown(finished)["duplicate"]) == (8000, 1)


def test_previews_a_file_for_a_list_that_is_not_there_yet(campana: Campana, people: Path) -> None:
    seen = campana("preview", "People", people, "--country", "US")
    assert seen.exit_code == 0, seen.output
    assert "first_name" in seen.stdout
    assert "\x1b" not in seen.stdout
    found = shown(campana("preview", "People", people, "--country", "US", "--json"))
    assert [row["result"] for row in found["rows"]] == ["accepted", "rejected", "duplicate"]  # pyright: ignore[reportIndexIssue, reportGeneralTypeIssues, reportArgumentType, reportCallIssue]
    assert json.loads(campana("list", "--json").stdout) == []


def test_a_dry_run_brings_nobody_in_and_an_undo_takes_them_out(
    campana: Campana, people: Path
) -> None:
    words = ("import", "People", people, "--country", "US")
    tried = campana(*words, "--dry-run")
    assert tried.exit_code == 0, tried.output
    assert "the list is as it was" in tried.stdout
    assert "nobody" in tried.stdout  # the cell that was refused
    assert json.loads(campana("list", "--json").stdout) == []
    done = campana(*words)
    again = shown(campana(*words, "--dry-run", "--json"))
    assert [again[key] for key in ("accepted", "duplicate", "rejected")] == [0, 2, 1]
    assert [row["row"] for row in again["errors"]] == [2]  # pyright: ignore[reportIndexIssue, reportGeneralTypeIssues, reportArgumentType, reportCallIssue]
    assert json.loads(campana("list", "--json").stdout)[0]["contactCount"] == 1
    import_id = done.stdout.split("campana lists undo ")[1].split()[0]
    undone = shown(campana("undo", import_id, "--json"))
    assert [undone[key] for key in ("state", "removed", "restored", "kept", "keptContacts")] == [
        "undone", 1, 0, 0, [],
    ]  # fmt: skip
    assert json.loads(campana("list", "--json").stdout)[0]["contactCount"] == 0
    again = campana("undo", import_id)
    assert (again.exit_code, "undone already" in again.stderr) == (1, True)


def test_rejected_rows_are_printed_as_a_file_to_mend(campana: Campana, people: Path) -> None:
    done = shown(campana("import", "People", people, "--country", "US", "--json"))
    printed = campana("errors", str(done["id"]), "--csv")
    assert printed.exit_code == 0
    header, row = printed.stdout.splitlines()
    assert header.startswith("Mobile,First Name,Campana row,")
    assert row.startswith("nobody,Bru")


def test_types_are_told_and_wrong_ones_are_wrong_usage(campana: Campana, people: Path) -> None:
    people.write_bytes(csv_of(["phone", "owed"], [[ANA, "12,50"], [BRUNO, "much"]]))
    done = campana("import", "People", people, "--type", "owed=number", "--json")
    assert (shown(done)["accepted"], shown(done)["rejected"]) == (1, 1)
    assert campana("import", "People", people, "--type", "owed=money").exit_code == 2
    wrong = campana("import", "People", people, "--type", "paid=number")
    assert (wrong.exit_code, "--type paid: is no attribute" in wrong.stderr) == (1, True)
    people.write_bytes(csv_of(["phone"], [[ANA]]))
    stopped = campana("import", "People", people, "--duplicates", "fail")
    assert stopped.exit_code == 1
    assert "row 1" in stopped.stderr


def test_exports_what_an_import_takes(campana: Campana, people: Path, tmp_path: Path) -> None:
    assert campana("import", "People", people, "--country", "us").exit_code == 0
    file = tmp_path / "out.csv"
    assert campana("export", "People", "-o", file).exit_code == 0
    assert campana("export", "People").stdout_bytes == file.read_bytes()
    again = campana("import", "People", file, "--duplicates", "update", "--json")
    assert again.exit_code == 0, again.output
    missing = campana("export", "Nobody", "-o", tmp_path / "none.csv")
    assert (missing.exit_code, "there is no contact list 'Nobody'" in missing.stderr) == (1, True)
    assert sorted(each.name for each in tmp_path.glob("*.csv*")) == ["out.csv", "people.csv"]
