"""The generated tables of the reference pages, a module for each matter."""
