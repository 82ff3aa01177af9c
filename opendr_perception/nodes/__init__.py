"""One thin file per node: parameters, topics, a task, message conversion."""
