"""The arguments and the help of each command, without the code that does its work.

A command imports that code when it runs. So every help is shown at once, and needs nothing but click.
"""
