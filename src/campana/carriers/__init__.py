"""The table of carriers: kind to adapter. To add one, write its file and a line here."""

from __future__ import annotations

from importlib import import_module

from campana.carriers.base import CarrierKind, Carriers

KINDS: dict[str, str] = {
    "email_smtp": "campana.carriers.email_smtp",
    "sandbox": "campana.carriers.sandbox",
    "sms_twilio": "campana.carriers.sms_twilio",
    "sms_smpp": "campana.carriers.sms_smpp",
    "voice_sip": "campana.carriers.voice_sip",
    "whatsapp_cloud": "campana.carriers.whatsapp_cloud",
}


def load_all() -> Carriers:
    """Every kind with its adapter's `KIND`."""
    loaded: dict[str, CarrierKind] = {}
    for kind, module in KINDS.items():
        loaded[kind] = import_module(module).KIND
    return loaded
