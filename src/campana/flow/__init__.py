"""Flows: conversations as graphs. Pure: a definition, a session, an input and the time go in; a new
session and what the world is asked to do come out. No clock, no randomness, no I/O.
"""
