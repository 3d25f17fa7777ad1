"""The page that explains the console."""
