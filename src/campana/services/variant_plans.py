"""The plan of one contact, where a campaign tries several ways."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from campana.domain import variants, window
from campana.domain.campaign import ChannelType, Plan, Variant
from campana.domain.errors import FieldProblem
from campana.domain.script_problems import problems as script_problems


class Ways:
    """The plans of a campaign's variants, each reckoned once; the campaign's own without any."""

    def __init__(self, plan: Plan, *, campaign_id: str) -> None:
        """Of this plan, in the campaign whose people are told apart."""
        self._campaign_id = campaign_id
        self._plan = plan
        self._shares = [each.share for each in plan.variants]
        self._plans = [_planned(plan, each) for each in plan.variants]

    def held_out(self, contact_id: int) -> bool:
        """Whether this contact is left out of it."""
        return bool(self._plans) and self._plan.variants[self._place(contact_id)].is_held_out

    def of(self, contact_id: int) -> Plan:
        """How this contact is gone about."""
        return self._plans[self._place(contact_id)] if self._plans else self._plan

    def _place(self, contact_id: int) -> int:
        return variants.place(self._shares, campaign_id=self._campaign_id, contact_id=contact_id)


def _planned(plan: Plan, variant: Variant) -> Plan:
    return replace(
        plan,
        script=variant.script or plan.script,
        window=window.both(plan.window, variant.window) if variant.window else plan.window,
        flow=variant.flow or plan.flow,
        templates=variant.templates or plan.templates,
        begins_on=variant.channel_type or plan.begins_on,
    )


def each_way(plan: Plan) -> list[tuple[str, Plan]]:
    """The plans that somebody is gone about by, each with where in the document it is made."""
    if not plan.variants:
        return [("", plan)]
    return [
        (f"/variants/{n}/changes", _planned(plan, each))
        for n, each in enumerate(plan.variants)
        if not each.is_held_out
    ]


def bounds_of(plan: Plan) -> list[int]:
    """The first bucket of each variant but the first; none where there is but one."""
    return variants.bounds([each.share for each in plan.variants])


def nth(plan: Plan, place: int) -> tuple[Plan, bool]:
    """The plan of whoever falls to that place, and whether they are held out."""
    if not plan.variants:
        return plan, False
    variant = plan.variants[place]
    return _planned(plan, variant), variant.is_held_out


def problems(plan: Plan, *, is_flow: bool, own_type: ChannelType) -> list[FieldProblem]:
    """What keeps the variants from being compared; `own_type` is that of the campaign's channel."""
    found: list[FieldProblem] = []
    if not plan.variants:
        return found
    if len(plan.variants) < 2:
        found.append(_problem("", "must be two or more, or none"))
    if abs(sum(each.share for each in plan.variants) - variants.WHOLE) > 1e-6:
        found.append(_problem("", f"must have shares that add up to {variants.WHOLE}"))
    if len({each.name for each in plan.variants}) < len(plan.variants):
        found.append(_problem("", "must have different names"))
    if all(each.is_held_out for each in plan.variants):
        found.append(_problem("", "leave nobody to contact"))
    for n, each in enumerate(plan.variants):
        found += _unfit(each, f"/{n}/changes", is_flow, {own_type, *plan.channels})
        if each.is_held_out and (each.script or each.window or each.changes_talk):
            found.append(_problem(f"/{n}/changes", "mean nothing for people who are held out"))
        found += [
            _problem(f"/{n}/changes/voiceBot{wrong.pointer}", wrong.message)
            for wrong in (script_problems(each.script) if each.script else [])
        ]
    return found


def _unfit(
    variant: Variant, at: str, is_flow: bool, usable: Collection[ChannelType]
) -> Iterator[FieldProblem]:
    """Changes that mean nothing for this type of campaign, or a channel that it does not have."""
    if not is_flow:
        if variant.changes_talk:
            yield _problem(at, "flow, templates and channelType are for Flow campaigns")
        return
    if variant.script is not None:
        yield _problem(f"{at}/voiceBot", "is for VoiceBot campaigns")
    if variant.channel_type is not None and variant.channel_type not in usable:
        said = f"there is no channel for {variant.channel_type}: name it under channels"
        yield _problem(f"{at}/channelType", said)


def _problem(pointer: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=f"/variants{pointer}", message=message)
