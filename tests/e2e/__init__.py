"""Tests of the real processes, from the outside."""
