"""Where people and things are, seen from the robot."""
