"""Examples of segments, tags, exports and batches, published and held to the API's shapes."""

from __future__ import annotations

from typing import Any

from campana.web.examples import CONTACT_PAGE, SUPPRESSION

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

CONTACTS_CSV = (
    "external_id,first_name,last_name,language,time_zone,phone,email,tags,balance:number,doctor\r\n"
    "P-1041,Ana,Reyes,en,America/New_York,+12025550142,ana@example.org,vip,120.5,Ortega\r\n"
)

TARGETS_CSV = (
    "id,contact_id,external_id,first_name,last_name,address,state,disposition,attempt_count,"
    "last_reason,due_at,created_at,finished_at\r\n"
    "tgt_7,ctc_41,P-1041,Ana,Reyes,+12025550142,finished,completed,1,the bot came to its end,,"
    "2024-01-10T14:02:00Z,2024-01-10T15:00:41Z\r\n"
)

BATCH_DOCUMENT: Json = {
    "suppressions": [
        {"address": "+12025550142", "reason": "asked by letter"},
        {"address": "nobody", "reason": "asked by letter"},
    ]
}

BATCH_ANSWER: Json = {
    "results": [
        {"result": "added", "suppression": SUPPRESSION, "problems": []},
        {
            "result": "rejected",
            "suppression": None,
            "problems": [
                {"pointer": "/suppressions/1/address", "message": "this is not a phone number"}
            ],
        },
    ],
    "added": 1,
    "known": 0,
    "rejected": 1,
}
