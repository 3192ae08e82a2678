"""The tests. A package, since a dependency of ours installs one of the same name that would be found instead."""
