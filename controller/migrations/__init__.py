"""The history of the tables, for Alembic; `controller/migrate.py` runs it."""
