"""Colours of photographs."""
