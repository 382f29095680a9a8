"""What several test files build their inputs and comparisons from."""
