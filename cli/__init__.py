"""The `dunning` command: run, look, rehearse; with the demo, its Paddle twin and its mailbox."""
