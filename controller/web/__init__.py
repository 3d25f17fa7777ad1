"""What every page and every API route shares: problems, translations, static files."""
