"""The HTTP edge: Paddle's notifications in, payment links out. Knows no mail."""
