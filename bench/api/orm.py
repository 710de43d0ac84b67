"""The other way: `GET /v1/campaigns` in FastAPI, pydantic and SQLAlchemy's ORM over asyncpg.

Written as their documentation teaches: a session for each request, a dependency that looks the key
up, models in and out, a count and a page. It answers from Campana's own tables what Campana
answers, key for key. It plays a superuser, so that row level security costs it nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_validator,
)
from pydantic.alias_generators import to_camel
from sqlalchemy import ARRAY, Text, and_, case, func, select
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column

_database = json.loads(os.environ["BENCH_DATABASE"])
engine = create_async_engine(
    "postgresql+asyncpg://",
    connect_args={**_database, "server_settings": {"search_path": "campana", "timezone": "UTC"}},
    pool_size=10,
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {datetime: TIMESTAMP(timezone=True), list[str]: ARRAY(Text)}


class ApiKey(Base):
    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[int]
    hash: Mapped[bytes]
    scopes: Mapped[list[str]]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class CampaignStatus(StrEnum):
    RUNNING = "Running"
    PAUSED = "Paused"
    COMPLETED = "Completed"


class ChannelType(StrEnum):
    VOICE = "Voice"
    WHATSAPP = "WhatsApp"
    SMS = "SMS"
    EMAIL = "Email"


class CampaignType(StrEnum):
    VOICE_BOT = "VoiceBot"
    FLOW = "Flow"


class Campaign(Base):
    __tablename__ = "campaigns"

    id: Mapped[str] = mapped_column(primary_key=True)
    workspace_id: Mapped[int]
    name: Mapped[str]
    description: Mapped[str | None]
    type: Mapped[str]
    channel_type: Mapped[str]
    state: Mapped[str] = mapped_column()
    start_date: Mapped[datetime | None]
    end_date: Mapped[datetime | None] = mapped_column()
    created_at: Mapped[datetime]

    status: Mapped[str] = column_property(
        case(
            (
                and_(state.in_(["running", "paused", "tripped"]), end_date < func.now()),
                "Completed",
            ),
            (state == "running", "Running"),
            (state.in_(["draft", "paused", "tripped"]), "Paused"),
            else_="Completed",
        )
    )


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _last_instant(given: object) -> object:
    if isinstance(given, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", given):
        return f"{given}T23:59:59.999999Z"
    return given


class CampaignsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    status: CampaignStatus | None = None
    channel_type: ChannelType | None = None
    date_from: Annotated[datetime, AfterValidator(_in_utc)] | None = None
    date_to: Annotated[datetime, BeforeValidator(_last_instant), AfterValidator(_in_utc)] | None = (
        None
    )
    page: int = Field(1, ge=1)
    page_size: int = Field(25, ge=1, le=100)

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise ValueError("dateFrom must not be after dateTo")
        return self


Instant = Annotated[datetime, PlainSerializer(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}")]


class CampaignOut(BaseModel):
    model_config = ConfigDict(from_attributes=True, alias_generator=to_camel, validate_by_name=True)

    id: str
    name: str
    description: str | None
    type: CampaignType
    status: CampaignStatus
    channel_type: ChannelType
    start_date: Instant | None
    end_date: Instant | None
    created_at: Instant


class CampaignPage(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    data: list[CampaignOut]
    page: int
    page_size: int
    total_count: int


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]
Bearer = Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]


async def reader(db: Session, bearer: Bearer) -> ApiKey:
    digest = hashlib.sha256(bearer.credentials.encode()).digest()
    key = await db.scalar(
        select(ApiKey).where(
            ApiKey.hash == digest,
            ApiKey.revoked_at.is_(None),
            ApiKey.expires_at.is_(None) | (ApiKey.expires_at > func.now()),
        )
    )
    if key is None:
        raise HTTPException(401)
    if "campaigns:read" not in key.scopes:
        raise HTTPException(403, "campaigns:read")
    return key


app = FastAPI()


@app.get("/v1/campaigns")
async def list_campaigns(
    db: Session,
    key: Annotated[ApiKey, Depends(reader)],
    asked: Annotated[CampaignsQuery, Query()],
) -> CampaignPage:
    wanted = select(Campaign).where(Campaign.workspace_id == key.workspace_id)
    if asked.status:
        wanted = wanted.where(Campaign.status == asked.status)
    if asked.channel_type:
        wanted = wanted.where(Campaign.channel_type == asked.channel_type)
    if asked.date_from:
        wanted = wanted.where(Campaign.start_date >= asked.date_from)
    if asked.date_to:
        wanted = wanted.where(Campaign.start_date <= asked.date_to)
    total = await db.scalar(select(func.count()).select_from(wanted.subquery()))
    found = await db.scalars(
        wanted.order_by(Campaign.created_at.desc(), Campaign.id)
        .offset((asked.page - 1) * asked.page_size)
        .limit(asked.page_size)
    )
    return CampaignPage(
        data=[CampaignOut.model_validate(campaign) for campaign in found],
        page=asked.page,
        page_size=asked.page_size,
        total_count=total or 0,
    )
