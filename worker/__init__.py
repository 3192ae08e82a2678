"""The arq side: handles events, sweeps what is due, writes and sends mail."""
