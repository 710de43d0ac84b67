"""A provider of messages and calls that exists on this machine only, with answers one can choose.

A process of its own (`campana sandbox`), with its own log: the witness of what was asked of it. It
shares nothing with the Campana that sends to it but the wire.
"""
