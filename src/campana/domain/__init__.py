"""Pure rules: no clock, no randomness, no I/O. Everything here can be tested with a table."""
