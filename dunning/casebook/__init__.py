"""The one way a case is written, found, changed by hand and told."""
