"""A campaign file in, campaigns or problems with file and line out. Pure."""
