"""Training of networks for expressions in single images."""
