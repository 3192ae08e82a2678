"""Turn a declined Paddle Billing renewal into a paid one."""
