"""Rendered people for synthetic images."""
