"""Presence, measurements and incidents: which horn is silent, before the villagers know."""
