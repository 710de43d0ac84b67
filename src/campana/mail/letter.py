"""A letter as octets: text, cleaned HTML beside it, and the headers that bulk mail has to have.

No header can hold a line break: the library refuses it. HTML is cleaned of all that runs or loads
by itself; what readers of mail understand stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from html.parser import HTMLParser

import nh3

_OURS = frozenset(
    {
        "bcc",
        "cc",
        "content-transfer-encoding",
        "content-type",
        "date",
        "dkim-signature",
        "from",
        "list-unsubscribe",
        "list-unsubscribe-post",
        "message-id",
        "mime-version",
        "received",
        "resent-to",
        "return-path",
        "sender",
        "subject",
        "to",
    }
)
"""Headers that a letter cannot set for itself."""

_ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": {"align", "class", "dir", "height", "id", "lang", "style", "title", "valign", "width"},
    "a": {"href", "name", "target"},
    "img": {"alt", "border", "height", "src", "width"},
    "table": {"bgcolor", "border", "cellpadding", "cellspacing", "role", "width"},
    "td": {"bgcolor", "colspan", "rowspan", "width"},
    "th": {"bgcolor", "colspan", "rowspan", "scope", "width"},
    "tr": {"bgcolor"},
}
_TAGS = {*nh3.ALLOWED_TAGS, "center", "font"}
_STYLES = {
    "background-color", "border", "border-collapse", "border-radius", "color", "display",
    "font-family", "font-size", "font-style", "font-weight", "height", "letter-spacing",
    "line-height", "margin", "margin-bottom", "margin-left", "margin-right", "margin-top",
    "max-width", "min-width", "padding", "padding-bottom", "padding-left", "padding-right",
    "padding-top", "text-align", "text-decoration", "text-transform", "vertical-align", "width",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be written. `sender` may be `Name <address>`."""

    sender: str
    to: str
    subject: str
    text: str
    html: str | None
    message_id: str
    unsubscribe_url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def octets(self) -> bytes:
        """As SMTP carries it, with seven bits.

        Raises:
            ValueError: a header cannot be written, or the letter says nothing.
        """
        html = cleaned(self.html) if self.html is not None else None
        text = self.text if self.text.strip() or html is None else text_of(html)
        if not text.strip():
            raise ValueError("the letter says nothing")
        message = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
        name, address = parseaddr(self.sender)
        message["From"] = Address(display_name=name, addr_spec=address)
        message["To"] = Address(addr_spec=self.to)
        message["Subject"] = self.subject
        message["Date"] = formatdate()
        message["Message-ID"] = f"<{self.message_id}>"
        if self.unsubscribe_url is not None:
            # RFC 8058: one click in the mail program, without a page in between.
            message["List-Unsubscribe"] = f"<{self.unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        for header, value in self.headers.items():
            if header.lower() in _OURS or not re.fullmatch(r"[!-9;-~]{1,60}", header):
                raise ValueError(f"the header {header!r} is not a letter's to set")
            message[header] = value
        message.set_content(text)
        if html is not None:
            message.add_alternative(html, subtype="html")
        return message.as_bytes()


def cleaned(html: str) -> str:
    """Without scripts, forms, frames, handlers and addresses that are no links."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        filter_style_properties=_STYLES,
        link_rel=None,
    )


def text_of(html: str) -> str:
    """What a person without HTML would read: paragraphs as lines, links with where they lead."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[ \t\r\f\v\u00a0]+", " ", line).strip() for line in reader.text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


_BLOCKS = frozenset(
    {"blockquote", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "table",
     "tr", "ul"}
)  # fmt: skip


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self._link: str | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"style", "title"}:
            self._silent += 1
        elif tag == "li":
            self.text += "\n- "
        elif tag in _BLOCKS:
            self.text += "\n"
        elif tag in {"td", "th"}:
            self.text += " "
        elif tag == "img":
            self.text += dict(attrs).get("alt") or ""
        elif tag == "a":
            self._link = dict(attrs).get("href")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"style", "title"}:
            self._silent = max(0, self._silent - 1)
        elif tag == "p":
            self.text += "\n"
        elif tag == "a" and self._link:
            if not self.text.endswith(self._link):
                self.text += f" ({self._link})"
            self._link = None

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.text += re.sub(r"\s+", " ", data)
