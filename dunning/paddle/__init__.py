"""What Paddle says: its signature, its events and its answers. Pure."""
