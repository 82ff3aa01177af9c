"""How the weights that we ship were made: reproducible, resumable, with progress."""
