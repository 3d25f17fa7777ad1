"""The controller: people plan and approve here; signed plans leave, signed receipts return."""
