"""Simulated callees for a bot: real calls over SIP and RTP on loopback, and a score."""
