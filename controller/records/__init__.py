"""Receipts of devices, verified, and the logbook made of them."""
