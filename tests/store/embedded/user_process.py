"""A user of the embedded PostgreSQL, as a process: attaches, says so, stays until told to leave.

Usage: user_process.py DATA_DIR [MAJOR]. Prints `attached CONNINFO` or `refused SENTENCE`, then
reads words from its standard input: `sql STATEMENT` is run and its first value printed; the end of
the input means: close and leave.
"""

import sys
from pathlib import Path

import psycopg

from campana.domain.errors import SetupError
from campana.store import embedded


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(data_dir: str, major: str = "18") -> None:
    try:
        attachment = embedded.attach(Path(data_dir), major=int(major), timeout_seconds=90)
    except SetupError as refusal:
        say(f"refused {refusal}")
        return
    say(f"attached {attachment.conninfo}")
    for line in sys.stdin:
        statement = line.removeprefix("sql ").strip()
        with psycopg.connect(attachment.conninfo, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
        say(str(row[0] if row else cursor.statusmessage))
    attachment.close()
    say("left")


if __name__ == "__main__":
    main(*sys.argv[1:])
