"""Velocities within limits: manoeuvres, the limiter, the controller, and reasons to stand still."""
