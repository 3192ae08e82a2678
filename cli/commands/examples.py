"""Examples at the end of a help."""


def examples(*commands: str) -> str:
    """Return the end of a help with these commands, each on a line of its own."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)
