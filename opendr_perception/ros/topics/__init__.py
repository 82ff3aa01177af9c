"""From topics to the newest image or result of each stream, and what is wrong with it."""
