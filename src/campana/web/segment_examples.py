"""Examples of segments, tags and exports, published with the API and held to its shapes."""

from __future__ import annotations

from typing import Any

from campana.web.examples import CONTACT_PAGE

Json = dict[str, Any]

PREVIEW_DOCUMENT: Json = {
    "segment": {"where": '"vip" in tags && !reached("Voice", days(30)) && contact.balance > 100'}
}

PREVIEW: Json = {"count": 1, "contacts": CONTACT_PAGE["data"]}

TAG_DOCUMENT: Json = {
    "contacts": ["ctc_41"],
    "externalIds": ["P-1042"],
    "add": ["vip"],
    "remove": ["new"],
}

TAG_ANSWER: Json = {
    "results": [
        {"contactId": "ctc_41", "externalId": None, "result": "changed"},
        {"contactId": None, "externalId": "P-1042", "result": "not_found"},
    ],
    "changed": 1,
}
