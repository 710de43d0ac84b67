"""A whole Campana that things are done to, and the judge of what came of it.

    postgres    a server one can stop, restart and kill
    fleet       work and web processes one can kill and stop
    failpoints  a Campana that ends itself at a named step
    trial       a campaign on the sandbox among all these
    faults      what is done to them, from a seed
    checker     reads the sandbox's log and the CSV, and knows nothing of our tables

Tests use it in small, `bench/chaos` at any size.
"""
