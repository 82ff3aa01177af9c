"""What perception nodes share: the worker that processes streams, detectors, the gallery's services."""
