"""OpenDR's networks, to compare with."""
