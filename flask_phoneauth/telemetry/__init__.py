"""Counts and spans for those who chose a system that collects them; nothing is loaded else."""
