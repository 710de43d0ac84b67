"""What templates say: `_`, `{% trans %}` and their kin, made for pages with hundreds of rows.

As Jinja's newstyle functions do, a message is markup of ours and each value in it is escaped. They
ask for less: no context, and no template of a text that has no places. A word that is known only
when the page is made (`state | said`) is not markup: it is escaped as any value is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, cast

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from campana.web.console import language


def install(environment: Environment, filters: Mapping[str, Callable[..., str]]) -> None:
    """Have every template, and these filters, say what they say in the language of now."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    # Two of the extension's: `{% trans %}` hands its values over by name, and asks for these.
    cast("Any", environment).newstyle_gettext = True
    known = cast("dict[str, Any]", environment.globals)  # pyright: ignore[reportUnknownMemberType]
    given = cast("dict[str, Any]", environment.filters)  # pyright: ignore[reportUnknownMemberType]
    given.update({name: _when_rendered(said) for name, said in filters.items()})
    known.update(_=gettext, gettext=gettext, ngettext=ngettext, pgettext=pgettext)


def _when_rendered(said: Callable[..., str]) -> Callable[..., str]:
    """The filter, not run while a template is compiled: a constant would keep that language."""

    @pass_context
    @functools.wraps(said)
    def asked(context: Context, value: Any, *rest: Any) -> str:  # noqa: ANN401 - as in a template
        del context
        return said(value, *rest)

    return asked


def gettext(message: str, /, **values: object) -> Markup:
    """The message, its places filled."""
    return _filled(language.say(message), values)


def pgettext(context: str, message: str, /, **values: object) -> Markup:
    """The message in what `context` says it is of, its places filled."""
    return _filled(language.say_of(context, message), values)


def ngettext(one: str, many: str, count: int, /, **values: object) -> Markup:
    """The form that goes with `count`, its places filled."""
    return _filled(language.plural(one, many, count), values)


def _filled(said: str, values: dict[str, object]) -> Markup:
    if values:
        said = said % {name: escape(value) for name, value in values.items()}
    elif "%%" in said:
        said = said.replace("%%", "%")
    return Markup(said)  # noqa: S704 - a message is ours, and its values are escaped
