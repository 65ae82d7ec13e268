"""Files -> configuration and state dict. Nothing here ever unpickles."""
