"""Perception of people for robots: continual inference, published methods, ROS 2 nodes."""
