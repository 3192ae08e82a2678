"""What every process looks at beside its work, so that nothing fails unseen."""
