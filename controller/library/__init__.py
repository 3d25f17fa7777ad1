"""The sound library: what may be broadcast, checked, levelled and named by its SHA-256."""
