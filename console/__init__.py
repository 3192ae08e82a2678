"""The private side: an HTTP API for the seller's own programs. It listens apart from what customers reach."""
