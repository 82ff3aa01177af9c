"""The simulated world: people, rooms, a robot with a camera."""
