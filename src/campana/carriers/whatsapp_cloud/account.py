"""What a number's account holds: its templates, and whether it can be reached at all."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from campana.carriers.account import ProviderTemplate
from campana.carriers.base import CarrierError
from campana.carriers.http import Answer, NoAnswer, Provider, not_understood
from campana.carriers.whatsapp_cloud.answers import refusal
from campana.carriers.whatsapp_cloud.config import Config
from campana.domain.disposition import Disposition

T = TypeVar("T", bound=Struct)

_SECONDS = 10.0
_A_PAGE = 100
_PAGES = 60
"""An account has at most 6,000 templates."""
_FIELDS = "id,name,status,category,language,components,quality_score,rejected_reason"
_ABOUT = "display_phone_number,verified_name,quality_rating,throughput"


class _Quality(Struct, frozen=True):
    score: str | None = None


class _Template(Struct, frozen=True):
    id: str
    name: str
    status: str
    language: str
    category: str | None = None
    components: tuple[dict[str, Any], ...] = ()
    quality_score: _Quality | None = None
    rejected_reason: str | None = None


class _Cursors(Struct, frozen=True):
    after: str | None = None


class _Paging(Struct, frozen=True):
    cursors: _Cursors | None = None
    next: str | None = None


class _Page(Struct, frozen=True):
    data: tuple[_Template, ...]
    paging: _Paging | None = None


class _Throughput(Struct, frozen=True):
    level: str | None = None


class _About(Struct, frozen=True):
    display_phone_number: str
    verified_name: str | None = None
    quality_rating: str | None = None
    throughput: _Throughput | None = None


def provider(config: Config) -> Provider:
    """The connections to the Graph API, with the account's token."""
    return Provider(
        f"{config.url}/{config.api_version}",
        headers={"authorization": f"Bearer {config.access_token}"},
        timeout_seconds=config.timeout_seconds,
    )


async def fetch_templates(config: Config) -> list[ProviderTemplate]:
    """Every template of the account, as Meta has it now.

    Raises:
        CarrierError: they could not all be had.
    """
    found: list[ProviderTemplate] = []
    query = {"fields": _FIELDS, "limit": str(_A_PAGE)}
    connections = provider(config)
    try:
        for _ in range(_PAGES):
            answer = await _ask(connections, f"/{config.account_id}/message_templates", query)
            page = _read(answer, _Page)
            found += [_template(each) for each in page.data]
            # Its `next` is a whole address, and would take our token wherever it points.
            paging = page.paging
            after = paging.cursors.after if paging is not None and paging.cursors else None
            if paging is None or paging.next is None or after is None:
                return found
            query["after"] = after
    finally:
        await connections.aclose()
    raise CarrierError(Disposition.CARRIER_ERROR, retryable=False, detail="templates without end")


async def check(config: Config) -> str:
    """That the token opens the number; what Meta says of it, for people.

    Raises:
        CarrierError: it does not.
    """
    connections = provider(config)
    try:
        answer = await _ask(connections, f"/{config.phone_number_id}", {"fields": _ABOUT})
        about = _read(answer, _About)
    finally:
        await connections.aclose()
    level = about.throughput.level if about.throughput is not None else None
    told = [about.display_phone_number, about.verified_name]
    told += [f"quality {about.quality_rating}" if about.quality_rating else None]
    told += [f"throughput {level}" if level else None]
    return ", ".join(each for each in told if each)


async def _ask(connections: Provider, path: str, query: dict[str, str]) -> Answer:
    try:
        answer = await connections.ask(path, seconds=_SECONDS, query=query)
    except NoAnswer as error:
        raise CarrierError(Disposition.NOT_SENT, retryable=True, detail=str(error)) from error
    if not answer.is_success:
        raise refusal(answer)
    return answer


def _read(answer: Answer, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise not_understood(answer) from error


def _template(found: _Template) -> ProviderTemplate:
    return ProviderTemplate(
        ref=found.id,
        name=found.name,
        language=found.language,
        status=found.status.lower(),
        category=found.category.lower() if found.category else None,
        components=found.components,
        quality=found.quality_score.score if found.quality_score is not None else None,
        rejected_because=found.rejected_reason
        if found.rejected_reason not in {None, "NONE"}
        else None,
    )
