"""Whose mail and whose pages they are: brands, and the colours that are made of one. Pure."""
