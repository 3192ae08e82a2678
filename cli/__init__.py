"""The `dunning` command: run, look, rehearse, and the demo with its mailbox."""
