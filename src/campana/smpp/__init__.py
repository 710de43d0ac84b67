"""SMPP 3.4 as a client speaks it: what a PDU is, one bound session, and what a receipt says.

It knows neither the port nor the database.
"""
