"""Human presence: a very small network tells roughly where people are."""
