"""Notes into sound and static pictures."""
