"""Notebooks and widgets as files that live without a kernel."""
