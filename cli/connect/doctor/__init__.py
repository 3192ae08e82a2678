"""`dunning doctor`: whether everything is well, in a few seconds."""
