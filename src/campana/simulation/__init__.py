"""A campaign in virtual time: the engine as it is, a clock that jumps, a made-up carrier."""
