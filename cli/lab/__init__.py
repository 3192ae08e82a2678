"""What only the demo, the rehearsal and tests need."""
