"""What somebody would write: csv, phonenumbers, executemany. `script_side.py CONNINFO FILE`."""

from __future__ import annotations

import csv
import json
import sys

import phonenumbers
import psycopg

COUNTRY = "US"
INSERT = """
insert into people (external_id, first_name, last_name, phone, attributes)
values (%s, %s, %s, %s, %s) on conflict do nothing
"""


def main(conninfo: str, path: str) -> None:
    rejected: list[tuple[int, str]] = []
    batch: list[tuple[str, str, str, str, str]] = []
    with psycopg.connect(conninfo) as conn, open(path, newline="") as file:
        cursor = conn.cursor()
        for number, row in enumerate(csv.DictReader(file), start=1):
            try:
                parsed = phonenumbers.parse(row["phone"], COUNTRY)
            except phonenumbers.NumberParseException as error:
                rejected.append((number, str(error)))
                continue
            if not phonenumbers.is_valid_number(parsed):
                rejected.append((number, "not a valid number"))
                continue
            phone = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
            attributes = json.dumps({"city": row["city"], "balance": row["balance"]})
            batch.append((row["id"], row["first_name"], row["last_name"], phone, attributes))
            if len(batch) == 1000:
                cursor.executemany(INSERT, batch)
                conn.commit()
                batch.clear()
        cursor.executemany(INSERT, batch)
    print(len(rejected))


if __name__ == "__main__":
    main(*sys.argv[1:])
