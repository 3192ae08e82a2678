"""What is true of cases, whatever Paddle, Redis or a screen look like. Pure."""
