"""The one cookie of the console, and the token of its forms that only the cookie's holder knows.

Every visitor has one: before signing in it stands for nobody, after it for a row on the server.
It is replaced at each signing in and out. The token of a form is an HMAC under the cookie's text,
so that it needs no place of its own and ends with the cookie.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from campana.domain.errors import InsufficientScope
from campana.services.people import LONGEST
from campana.web.console.language import marked

FORM_FIELD = "form_token"
_VALUE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\.(usr_[0-9a-z]{1,40})", re.ASCII)
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookies:
    """How this server's cookie is written: `__Host-` and Secure where TLS carries it.

    Without TLS there is the form for this machine alone: a plain name, the loopback address.
    """

    is_secure: bool

    @property
    def name(self) -> str:
        return "__Host-campana" if self.is_secure else "campana"

    def read(self, header: str | None) -> str | None:
        """The cookie's text, if it can be one of ours."""
        try:
            found = SimpleCookie(header or "").get(self.name)
        except CookieError:
            return None
        return found.value if found and _VALUE.fullmatch(found.value) else None

    def written(self, value: str) -> str:
        """A Set-Cookie header."""
        secure = "; Secure" if self.is_secure else ""
        age = int(LONGEST.total_seconds())
        return f"{self.name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}"

    def may_travel(self, host: str) -> bool:
        """Whether a password may go to this Host: over TLS, or without leaving the machine."""
        return self.is_secure or (urlsplit(f"//{host}").hostname or "") in _LOOPBACK


def form_token(cookie: str, *, person: str | None = None) -> str:
    """What a form of this cookie's holder must send back; after a dot, for whom it was made.

    That tells, once the cookie is another, whether it is the same person who sends it. It proves
    nothing.
    """
    made = hmac.new(cookie.encode(), b"campana form", hashlib.sha256).digest()
    proof = base64.urlsafe_b64encode(made).rstrip(b"=").decode()
    return f"{proof}.{person}" if person else proof


def made_for(token: object) -> str | None:
    """The person in a form's token, whichever cookie it is of."""
    found = _TOKEN.fullmatch(token) if isinstance(token, str) else None
    return found[1] if found else None


def require_same_site(*, fetch_site: str | None, origin: str | None, host: str) -> None:
    """Refuse what another site's page has sent; a browser says so itself.

    Raises:
        InsufficientScope
    """
    is_elsewhere = fetch_site not in {None, "same-origin", "none"}
    if origin is not None and urlsplit(origin).netloc != host:
        is_elsewhere = True
    if is_elsewhere:
        raise InsufficientScope(marked("this form was sent by another site"))


def is_from_here(*, fetch_site: str | None, origin: str | None, host: str, is_secure: bool) -> bool:
    """Whether the browser itself says that a page of this very server sent this.

    Other than `require_same_site`, this takes no silence for an answer.
    """
    if fetch_site is not None:
        return fetch_site == "same-origin"
    return origin == f"{'https' if is_secure else 'http'}://{host}"


def require_form_token(given: object, *, cookie: str | None) -> None:
    """Refuse a form that this browser was not given.

    Raises:
        InsufficientScope
    """
    if not cookie or not isinstance(given, str):
        raise InsufficientScope(
            marked("this form has no token: open the page again and send it anew")
        )
    proof, _, _ = given.partition(".")
    if not hmac.compare_digest(proof.encode(), form_token(cookie).encode()):
        raise InsufficientScope(marked("this form is of an earlier visit: open the page again"))
