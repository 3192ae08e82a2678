"""What pages have in common that a command serves on this machine: who may use them, where, and how they look."""
