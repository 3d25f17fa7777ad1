"""People, what they may do where, and the audit chain of what they did."""
