"""The shop service: its settings and entry points."""
