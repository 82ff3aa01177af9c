"""Nodes that are fed by samples: sound and signals."""
