"""Emergency announcements: drafted, released by the rules, sent, accounted for."""
