"""Warnings from outside as people see them, and our own alerts as CAP for the public."""
