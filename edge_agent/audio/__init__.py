"""The sound of one device: decode, level, place on the clock, and hand to a sound device.

Nothing here knows of plans, signatures or the network of the agent; the conductor decides what
sounds and this package makes it sound at its instant.
"""
