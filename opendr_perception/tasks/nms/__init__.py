"""Candidates of a detector, and non-maximum suppression: by formula or learned."""
