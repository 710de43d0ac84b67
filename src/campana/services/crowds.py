"""The gate asked before a launch: once for each crowd of people who are alike to it.

Its own rules are asked, so that what is foretold is what the run then does. Nobody is contacted and
nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campana.domain import gate
from campana.domain.campaign import Campaign, CampaignState, ChannelType, Plan
from campana.domain.caps import Cap
from campana.domain.errors import InvalidTransition, NotFound
from campana.domain.spend import Price
from campana.domain.window import next_open
from campana.services import erasure_keys, flow_tries, segments, variant_plans
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.services.flow_tries import Course
from campana.services.policy import Policy, policy_of
from campana.services.reckoned import Prices, known_prices, prices_of
from campana.store import accounts, campaigns, channels, lists, outlook, policies
from campana.store.channels import Channel
from campana.store.db import Tx
from campana.store.outlook import Crowd, Question

DUPLICATE = "duplicate"
PRICE_UNKNOWN = "price_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What is asked of each crowd, and what of it depends on the campaign and the workspace."""

    campaign: Campaign
    channel: Channel | None
    plan: Plan
    question: Question | None
    """None while nobody is chosen."""
    allowed_countries: frozenset[str]
    courses: Sequence[Course]
    """How often people are tried, by the place of their variant."""
    prices: Prices
    policy: Policy
    now: datetime

    @property
    def caps(self) -> Sequence[Cap]:
        """The campaign's and the workspace's."""
        return self.plan.caps + self.policy.caps

    def reason(self, crowd: Crowd) -> str | None:
        """Why they would never be contacted, machine-readable; None when they would be."""
        verdict = gate.check(self.facts(crowd), self.now)
        if crowd.is_duplicate:
            return DUPLICATE
        if isinstance(verdict, gate.Drop):
            return verdict.why
        if self.prices.is_limited and self.campaign.channel_type not in self.costs(crowd):
            return PRICE_UNKNOWN
        return None

    def costs(self, crowd: Crowd) -> Mapping[ChannelType, Price]:
        """What an attempt to one of them costs, by the kind of channel, where somebody said."""
        return known_prices(crowd, self.prices)

    def facts(self, crowd: Crowd) -> gate.Facts:
        """What the claim would read of them."""
        own, is_held_out = variant_plans.nth(self.plan, crowd.variant)
        return gate.Facts(
            # One speaks for all: numbers nobody may call are refused when people are imported.
            reach=gate.reach_of(crowd.address),
            country=crowd.country,
            zones=tuple(crowd.zones),
            suppressed_by=crowd.suppressed_by,
            address_is_busy=False,
            allowed_countries=self.allowed_countries,
            requires_consent=self.plan.requires_consent,
            has_consent=crowd.has_consent,
            window=own.window,
            is_held_out=is_held_out,
            # A cap puts people off (`Crowd.capped_until`); it never leaves them out.
            capped_until=None,
            is_free_form=(
                self.campaign.channel_type is ChannelType.WHATSAPP and self.plan.flow is None
            ),
            wrote_at=self.now if crowd.has_written else None,
        )


async def judge(
    tx: Tx, context: Context, *, workspace_id: int, campaign_id: str, now: datetime
) -> Judge:
    """Everything that is to be known before the first crowd of a draft is asked about.

    Raises:
        NotFound
        InvalidTransition: it was launched; `why` says how it stands.
    """
    campaign = await campaigns.get(tx, campaign_id=campaign_id, now=now)
    if campaign is None or campaign.workspace_id != workspace_id:
        raise NotFound
    if campaign.state is not CampaignState.DRAFT:
        raise InvalidTransition("it was launched already: ask why it is or is not dialing")
    channel = None
    if campaign.channel_id is not None:
        channel = await channels.find(tx, workspace_id=workspace_id, wanted=campaign.channel_id)
    plan = plan_of(campaign.document, channel_window=channel.window if channel else None)
    workspace = await accounts.workspace(tx, workspace_id=workspace_id)
    policy = policy_of(await policies.get(tx, workspace_id=workspace_id))
    courses = await flow_tries.courses(tx, campaign, plan)
    prices = await prices_of(tx, campaign, plan, courses, policy=policy)
    return Judge(
        campaign=campaign,
        channel=channel,
        plan=plan,
        question=await _question(tx, context, campaign, plan, policy, prices, now),
        allowed_countries=frozenset(workspace.allowed_countries if workspace else ()),
        courses=courses,
        prices=prices,
        policy=policy,
        now=now,
    )


async def _question(
    tx: Tx,
    context: Context,
    campaign: Campaign,
    plan: Plan,
    policy: Policy,
    prices: Prices,
    now: datetime,
) -> Question | None:
    if campaign.list_id is None:
        return None
    found = await lists.get(tx, workspace_id=campaign.workspace_id, list_id=campaign.list_id)
    if found is None:
        return None
    whom = await segments.members_of(tx, workspace_id=campaign.workspace_id, found=found)
    start = max(now, campaign.start_date or now)
    opens = {
        ",".join(zones): opening
        for zones in await outlook.zones(tx, workspace_id=campaign.workspace_id, whom=whom, now=now)
        if (opening := next_open(plan.window, zones, start)) is not None
    }
    return Question(
        workspace_id=campaign.workspace_id,
        campaign_id=campaign.id,
        whom=whom,
        channel_type=campaign.channel_type,
        requires_consent=plan.requires_consent,
        prefix_length=prices.prefix_length,
        pads=await erasure_keys.pads(tx, context, workspace_id=campaign.workspace_id),
        bounds=variant_plans.bounds_of(plan),
        caps=plan.caps + policy.caps,
        care_channel=_care_channel(campaign, plan),
        opens=opens,
        now=now,
    )


def _care_channel(campaign: Campaign, plan: Plan) -> str | None:
    """The channel that takes anything but a template only for people who wrote on it lately."""
    if campaign.channel_type is ChannelType.WHATSAPP:
        return campaign.channel_id
    return plan.channels.get(ChannelType.WHATSAPP)
