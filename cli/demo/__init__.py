"""The `demo` command: a renewal declined, mailed and paid on this machine."""
