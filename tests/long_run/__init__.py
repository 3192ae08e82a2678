"""A day of traffic in some minutes: whether anything grows that has no reason to."""
