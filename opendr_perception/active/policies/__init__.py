"""View policies: where to look from next."""
