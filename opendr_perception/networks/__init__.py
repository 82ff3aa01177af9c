"""One file per published network, built from streaming blocks."""
