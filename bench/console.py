"""What the console costs: its first page in a browser, and many open tabs on a busy wall.

    python bench/console.py [--tabs 20] [--campaigns 200] [--seconds 30]

One web process over a database with that many running campaigns of a hundred people each, fifty of
whom finish every second, here and there. First a fresh browser profile loads the wallboard: bytes
over the wire and time until it is whole, several times. Then the tabs are opened, a third of them
wallboards, a third lists of campaigns, a third pages of one campaign, and read for the seconds:
the share of one processor that the web process takes, and how often a tab is told something.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
from collections.abc import Sequence

import httpx
import psutil
import psycopg
from ground import Ground, ground, processor_seconds
from playwright.async_api import async_playwright

from campana.domain.role import Role
from tests.support.campaign import add_list, person
from tests.support.people import reserved_numbers
from tests.support.visitors import signed_in
from tests.web.rows import add_campaign

PEOPLE = 100
FINISHED_A_SECOND = 50
LOADS = 7
_FINISH = """
with chosen as (
  select id from targets where state = 'waiting' and id %% 97 = %s
  order by (id * 7919) %% 20011 limit 5
), done as (
  update targets t set state = 'finished', disposition = 'completed', finished_at = now()
  from chosen where t.id = chosen.id returning t.id
)
delete from due using done where target_id = done.id
"""
_MEASURE = """
() => {
  const page = performance.getEntriesByType('navigation')[0];
  const parts = performance.getEntriesByType('resource');
  return [page.transferSize + parts.reduce((sum, each) => sum + each.transferSize, 0),
    page.loadEventEnd, page.responseEnd - page.requestStart];
}
"""


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tabs", type=int, default=20)
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=30)
    asked = parser.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    async with ground() as made:
        ids = await fill(made, campaigns=asked.campaigns)
        session = await signed_in(
            made.web, workspace_id=made.workspace_id, role=Role.OWNER, email="ana@example.com"
        )
        changing = asyncio.create_task(change(made))
        try:
            await first_page(made, session)
            await tabs(made, session, ids, count=asked.tabs, seconds=asked.seconds)
        finally:
            changing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await changing
    print(f"load after: {os.getloadavg()[0]:.1f}")


async def fill(made: Ground, *, campaigns: int) -> list[str]:
    """The campaigns' ids; everybody waits in each of them."""
    await add_list(
        made.web,
        workspace_id=made.workspace_id,
        people=[person(number) for number in reserved_numbers()[:PEOPLE]],
    )
    ids = [
        (await add_campaign(made.web, workspace_id=made.workspace_id, name=f"Reminder {n}")).id
        for n in range(campaigns)
    ]
    with psycopg.connect(made.conninfo, options="-c search_path=campana") as db:
        db.execute(
            "insert into targets (workspace_id, campaign_id, contact_id, address, state,"
            " created_at) select workspace_id, c, id, '+1202555' || lpad((row_number() over"
            " (partition by c order by id))::text, 4, '0'), 'waiting', now()"
            " from contacts, unnest(%s::text[]) c",
            (ids,),
        )
        db.execute(
            "insert into due (target_id, workspace_id, campaign_id, window_key, priority, due_at)"
            " select id, workspace_id, campaign_id, 'UTC', 1, now() from targets"
        )
        db.commit()
        db.autocommit = True
        db.execute("vacuum analyze")
    return ids


async def change(made: Ground) -> None:
    """People finish, a few at a time in many campaigns."""
    number = 0
    async with await psycopg.AsyncConnection.connect(
        made.conninfo, options="-c search_path=campana", autocommit=True
    ) as db:
        while True:
            await db.execute(_FINISH, (number % 97,))
            number += 1
            await asyncio.sleep(5 / FINISHED_A_SECOND)


async def first_page(made: Ground, session: str) -> None:
    """What a browser without anything of ours loads, and how long that takes."""
    found: list[Sequence[float]] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for _ in range(LOADS):
            profile = await browser.new_context()
            await profile.add_cookies([{"name": "campana", "value": session, "url": made.url}])
            page = await profile.new_page()
            await page.goto(made.url)
            await page.wait_for_function("performance.getEntriesByType('navigation')[0].duration")
            found.append(await page.evaluate(_MEASURE))
            await profile.close()
        await browser.close()
    sizes, loads, answers = zip(*found, strict=True)
    print(f"first page: {max(sizes) / 1000:.0f} kB over the wire")
    print(f"  whole after {statistics.median(loads):.0f} ms (median of {LOADS} fresh profiles,")
    print(f"  {min(loads):.0f} to {max(loads):.0f}); its HTML within")
    print(f"  {statistics.median(answers):.0f} ms of asking")


async def tabs(
    made: Ground, session: str, ids: Sequence[str], *, count: int, seconds: float
) -> None:
    """Open tabs, and what they cost."""
    listed = ",".join(ids[:25])
    kinds = ["wallboard=1", f"campaigns={listed}", f"page={ids[0]}"]
    messages = [0] * count
    [process] = [
        each
        for each in psutil.Process().children(recursive=True)
        if "web" in each.cmdline()[-2:] and "campana" in each.cmdline()
    ]
    async with httpx.AsyncClient(
        base_url=made.url, cookies={"campana": session}, trust_env=False,
        timeout=httpx.Timeout(60), limits=httpx.Limits(max_connections=count + 5),
    ) as client:  # fmt: skip

        async def read(number: int) -> None:
            async with client.stream("GET", f"/live?{kinds[number % 3]}") as answer:
                answer.raise_for_status()
                async for line in answer.aiter_lines():
                    messages[number] += line.startswith("id: ")

        reading = [asyncio.create_task(read(number)) for number in range(count)]
        while not all(messages):  # noqa: ASYNC110 - the readers count
            await asyncio.sleep(0.1)
        at_start, before = sum(messages), processor_seconds([process.pid])
        await asyncio.sleep(seconds)
        share = (processor_seconds([process.pid]) - before) / seconds
        told = (sum(messages) - at_start) / seconds / count
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    print(f"{count} tabs over {len(ids)} running campaigns for {seconds:.0f} s:")
    print(f"  the web process took {100 * share:.1f} % of one processor,")
    print(f"  each tab was told {told:.2f} times a second;")
    print(f"  resident memory {process.memory_info().rss / 1e6:.0f} MB")


if __name__ == "__main__":
    asyncio.run(main())
