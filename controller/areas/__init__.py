"""The tree of areas: country, province, commune, village and whatever lies between."""
