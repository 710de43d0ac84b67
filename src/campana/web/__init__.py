"""The HTTP face of Campana: the only part that knows the framework."""
