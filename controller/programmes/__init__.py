"""Programmes, their approval, and the rules that say when they play."""
