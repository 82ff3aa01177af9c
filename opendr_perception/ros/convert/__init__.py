"""Between messages and what tasks work with, and results drawn into images."""
