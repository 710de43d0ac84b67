"""Letters: how one is written, where it may go now, and what comes back about it.

It knows neither the port nor the database.
"""
