"""When things play: rules become occurrences, occurrences become one timeline per output.

Pure functions over frozen values. No clock, no database, no network; the only files read are the
day templates that ship with the package.
"""
