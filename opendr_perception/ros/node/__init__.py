"""What every node is made of: life cycle and parameters; and how nodes become a process."""
