"""Use cases. One function is one transaction; nothing here knows HTTP, SIP or a provider."""
