"""Networks for facial expressions, and for emotions over time."""
