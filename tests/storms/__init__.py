"""Storms: schedules of faults drawn from a seed, played against the whole service, and judged from outside."""
