"""What a robot knows of a face after several looks, and what it would look like from elsewhere."""
