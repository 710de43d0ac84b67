"""Loops. Each is a `step()` that does one thing and says whether it found any; `runner` repeats
them."""
