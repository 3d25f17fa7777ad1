"""The emergency desk: pages of alerts, made for a phone at 2 a.m. and for a wall screen."""
