"""Campana: outbound calling and messaging campaigns, self-hosted."""

__version__ = "0.1.0"
