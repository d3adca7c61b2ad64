"""Verify v2: requests that lead a number through a workflow of channels."""
