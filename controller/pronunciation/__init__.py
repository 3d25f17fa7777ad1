"""How names, acronyms and abbreviations are read in an area: dictionaries as rows."""
