"""Commands for those who run Dunning."""
