"""Training of networks that judge heart signals."""
