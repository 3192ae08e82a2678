"""What each command takes and what its help says, and nothing of what it does.

A command imports its work when it runs. So every help is told at once, and needs nothing but click.
"""
