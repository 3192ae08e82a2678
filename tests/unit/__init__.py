"""Tests of the pure part, and of single modules."""
