"""A robot's sensors and base: scans, transforms, velocities, and the driver for Webots."""
