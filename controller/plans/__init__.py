"""Plans: compiled per device from rules, compared, signed and handed to the outbox."""
