"""A robot that moves to see people: its topics, control loop, episodes and actions."""
