"""Tables of areas that a controller can import; see SOURCE.md for where they come from."""
