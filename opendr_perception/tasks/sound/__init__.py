"""Sound: features and what is heard in it."""
