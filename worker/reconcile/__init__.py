"""What webhooks missed, asked of Paddle."""
