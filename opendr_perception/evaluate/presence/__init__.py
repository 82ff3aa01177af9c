"""Human presence: what a heatmap finds of the people that are labelled, and what else it marks."""

from opendr_perception.evaluate.presence.cells import evaluate_presence

__all__ = ["evaluate_presence"]
