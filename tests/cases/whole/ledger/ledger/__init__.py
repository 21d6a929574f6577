"""Double-entry books."""
