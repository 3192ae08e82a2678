"""Asks Paddle for what webhooks missed."""
