"""The way to Redis: connections, new tries, scripts."""
