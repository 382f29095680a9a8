"""What came after the paper, measured on its networks and data."""
