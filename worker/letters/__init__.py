"""From the facts of a debt to a message."""
