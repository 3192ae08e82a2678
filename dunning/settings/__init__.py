"""The environment in, settings or problems out."""
