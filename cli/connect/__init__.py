"""The commands that connect Dunning with what is around it, and look whether it is."""
