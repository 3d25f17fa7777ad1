"""The first page: what plays now and next on every output, and what needs a person."""
