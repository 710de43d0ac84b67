"""The ASGI application: routes, what they share, and the layers around them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import cache

import msgspec
from litestar import Litestar, Response, Router, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from campana.services.browser_talks import Talks
from campana.services.context import Context
from campana.services.signing import signing_key
from campana.services.unsubscribes import KEY_NAME, Unsubscribes
from campana.web import docs_page, openapi
from campana.web.answers import Shown
from campana.web.api import (
    analytics,
    campaign_actions,
    campaign_events,
    campaign_outlook,
    campaign_reopening,
    campaign_targets,
    campaigns,
    channel_keywords,
    channel_tests,
    channels,
    consents,
    contact_lists,
    contact_upserts,
    contacts,
    conversation_steps,
    conversations,
    erasures,
    events,
    exports,
    flow_credentials,
    flow_trials,
    flows,
    health,
    import_previews,
    import_undo,
    imports,
    provider_events,
    recordings,
    reference_tables,
    retention,
    segments,
    suppression_batches,
    suppression_imports,
    suppressions,
    tags,
    template_previews,
    template_sync,
    templates,
    unsubscribe,
    voice_calls,
    voicebots,
    webhook_deliveries,
    webhooks,
)
from campana.web.auth import Keys, admission
from campana.web.callbacks import Callbacks
from campana.web.console import app as console
from campana.web.console.app import Faces
from campana.web.edge import Edge
from campana.web.errors import answer_exception
from campana.web.etags import tag_of
from campana.web.links import Links
from campana.web.meter import Meter
from campana.web.readiness import Readiness
from campana.web.remembered import RememberedPages
from campana.web.request import BODY_LIMIT, ApiRequest
from campana.web.stateful import with_state
from campana.web.streams import Streams

V1: Sequence[HTTPRouteHandler] = [
    *campaigns.ROUTES,
    *campaign_actions.ROUTES,
    *campaign_outlook.ROUTES,
    *campaign_reopening.ROUTES,
    *campaign_targets.ROUTES,
    *provider_events.ROUTES,
    *campaign_events.ROUTES,
    *contact_lists.ROUTES,
    *contact_upserts.ROUTES,
    *tags.ROUTES,
    *segments.ROUTES,
    *exports.ROUTES,
    *contacts.ROUTES,
    *erasures.ROUTES,
    *retention.ROUTES,
    *imports.ROUTES,
    *import_previews.ROUTES,
    *import_undo.ROUTES,
    *channels.ROUTES,
    *channel_keywords.ROUTES,
    *channel_tests.ROUTES,
    *conversations.ROUTES,
    *conversation_steps.ROUTES,
    *flows.ROUTES,
    *voicebots.ROUTES,
    *flow_trials.ROUTES,
    *flow_credentials.ROUTES,
    *reference_tables.ROUTES,
    *suppressions.ROUTES,
    *suppression_batches.ROUTES,
    *suppression_imports.ROUTES,
    *analytics.ROUTES,
    *consents.ROUTES,
    *templates.ROUTES,
    *template_previews.ROUTES,
    *template_sync.ROUTES,
    *voice_calls.ROUTES,
    *recordings.ROUTES,
    *events.ROUTES,
    *webhooks.ROUTES,
    *webhook_deliveries.ROUTES,
]


def create_app(
    context: Context,
    *,
    public_url: str | None = None,
    streams: Streams | None = None,
    talks: Talks | None = None,
) -> ASGIApp:
    """Everything Campana answers over HTTP.

    Args:
        context: its database plays the web role.
        public_url: how the world reaches this server, for links; without it, as the client did.
        streams: to be closed by whoever ends the process.
        talks: to bots, from the console; without it there are none.

    Raises:
        SetupError: the directory of blobs cannot be used.
    """
    meter = Meter()
    streams = streams or Streams(context)
    known = build(context, meter=meter, public_url=public_url, streams=streams)
    screens = console.build(
        context, public_url=public_url, streams=streams, links=known.state["links"], talks=talks
    )
    faces = Faces(screens, others=known)
    routes = Callbacks(context, others=faces, public_url=public_url)
    return Edge(routes, entropy=context.entropy, meter=meter)


def build(
    context: Context,
    *,
    meter: Meter,
    public_url: str | None = None,
    streams: Streams | None = None,
) -> Litestar:
    """The routes, without the outermost layer."""
    streams = streams or Streams(context)
    described, docs = _description()
    return with_state(
        _routes(),
        {
            "context": context,
            "docs": docs,
            "horizon": streams.horizon,
            "keys": Keys(context),
            "links": Links(key=signing_key(context.blobs, context.entropy)),
            "meter": meter,
            "openapi": described,
            "pages": RememberedPages(),
            "pressed": OrderedDict[str, list[float]](),
            "public_url": public_url,
            "readiness": Readiness(context),
            "streams": streams,
            "unsubscribes": Unsubscribes(
                key=signing_key(context.blobs, context.entropy, name=KEY_NAME)
            ),
        },
    )


@cache
def _routes() -> Litestar:
    return Litestar(
        route_handlers=[
            Router(path="/v1", route_handlers=[*_options(V1), *V1]),
            *_options(health.ROUTES),
            *health.ROUTES,
            *_options(unsubscribe.ROUTES),
            *unsubscribe.ROUTES,
        ],
        middleware=[admission],
        exception_handlers={Exception: answer_exception},
        request_class=ApiRequest,
        request_max_body_size=BODY_LIMIT,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )


@cache
def _description() -> tuple[Shown, bytes]:
    """What `/openapi.json` and `/docs` answer."""
    described = openapi.document(_routes().routes)
    text = msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n"
    return Shown(text, tag_of(text)), docs_page.render(described)


def _options(handlers: Sequence[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """An OPTIONS of each path, to stand first: the framework makes one that knows one method."""
    methods: dict[str, set[str]] = {}
    for handler in handlers:
        for path in handler.paths:
            methods.setdefault(path, {"OPTIONS"}).update(handler.http_methods)
    return [_options_of(path, ", ".join(sorted(found))) for path, found in methods.items()]


def _options_of(path: str, allow: str) -> HTTPRouteHandler:
    @route(path, http_method=HttpMethod.OPTIONS, status_code=204)
    async def options() -> Response[None]:
        return Response(None, status_code=204, headers={"allow": allow})

    return options
