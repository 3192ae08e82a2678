"""Asking Paddle."""
