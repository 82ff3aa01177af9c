"""Networks for non-maximum suppression."""
