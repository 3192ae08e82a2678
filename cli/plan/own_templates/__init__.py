"""A seller's own templates, read for what no example shows: rare branches, and what mail programs pass over."""
