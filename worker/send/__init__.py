"""From a step that is due to a mail server."""
