"""What somebody would write: csv, phonenumbers, executemany. `script_side.py CONNINFO FILE`.

The same work as far as such a script does it: numbers checked and written in E.164, their zones
looked up, whoever is there twice left out by the unique indexes, refused rows with their reason
into a file beside the one that was read. It does not tell types of numbers, cannot be taken back
and does not go on after a crash.
"""

from __future__ import annotations

import csv
import json
import sys

import phonenumbers
import psycopg
from phonenumbers.timezone import time_zones_for_number

COUNTRY = "US"
BATCH = 1000
INSERT = """
insert into bench_people (external_id, first_name, last_name, phone, zones, attributes)
values (%s, %s, %s, %s, %s, %s) on conflict do nothing
"""

Person = tuple[str, str, str, str, list[str], str]


def read(row: dict[str, str]) -> Person | str:
    """A row as it is stored, or why it is refused."""
    try:
        number = phonenumbers.parse(row["phone"], COUNTRY)
    except phonenumbers.NumberParseException as error:
        return str(error)
    if not phonenumbers.is_valid_number(number):
        return "not a valid number"
    phone = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    zones = list(time_zones_for_number(number))
    attributes = json.dumps({"city": row["city"], "balance": row["balance"]})
    return row["id"], row["first_name"], row["last_name"], phone, zones, attributes


def main(conninfo: str, path: str) -> None:
    rejected = 0
    batch: list[Person] = []
    with (
        psycopg.connect(conninfo) as conn,
        open(path, newline="") as file,
        open(f"{path}.rejected.csv", "w", newline="") as refused,
    ):
        cursor = conn.cursor()
        rows = csv.DictReader(file)
        into_refused = csv.writer(refused)
        into_refused.writerow(["row", "reason", *(rows.fieldnames or ())])
        for row_number, row in enumerate(rows, start=1):
            person = read(row)
            if isinstance(person, str):
                into_refused.writerow([row_number, person, *row.values()])
                rejected += 1
                continue
            batch.append(person)
            if len(batch) == BATCH:
                cursor.executemany(INSERT, batch)
                conn.commit()
                batch.clear()
        if batch:
            cursor.executemany(INSERT, batch)
    print(rejected)


if __name__ == "__main__":
    main(*sys.argv[1:])
