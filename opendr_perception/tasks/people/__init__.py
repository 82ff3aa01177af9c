"""People in images: detection, also in large images, and tracking."""
