"""The Redis server that comes with Dunning."""
