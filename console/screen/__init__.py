"""For people: pages that a browser shows without script, by sign-in."""
