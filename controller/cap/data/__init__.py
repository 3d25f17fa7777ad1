"""The schema of CAP 1.2 and the tables that give events a hazard and a level."""
