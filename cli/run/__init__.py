"""The commands that run."""
