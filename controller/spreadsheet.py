"""Cells of CSV files that people open in a spreadsheet."""

RISKY = ("=", "+", "-", "@", "\t", "\r")


def harmless(cell: str) -> str:
    """Keep a spreadsheet from reading a text as a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.startswith(RISKY) else cell


def plain(cell: str) -> str:
    """Return a text that may have been made harmless as it was."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RISKY) else cell
