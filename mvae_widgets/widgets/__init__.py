"""State and messages <-> front end. One file a widget."""
