"""What is cut, stalled and killed, and what must be true afterwards."""
