"""Dictionaries, units and letters of documents that come with the normaliser, as data."""
