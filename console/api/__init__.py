"""For programs: `/v1`, by bearer tokens."""
