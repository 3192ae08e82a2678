"""Telling the seller's own programs what happens: out-webhooks."""
