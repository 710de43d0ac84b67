"""Letters: how one is written, and what comes back."""
