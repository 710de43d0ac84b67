"""The media plane: placing calls, moving sound, speaking, hearing keys, recording.

Nothing here needs the optional voice packages to be imported; `sip` and `speech` load them when
they are first used and say how to install them when they are absent.
"""
