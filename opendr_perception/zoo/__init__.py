"""Where weights come from: manifest, fetch, convert, verify, pack."""
