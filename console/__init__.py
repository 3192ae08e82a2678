"""The private side: an API for the seller's own programs and a screen for people, apart from what customers reach."""
