"""Networks for view control."""
