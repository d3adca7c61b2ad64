"""HTML and JSON on the same addresses: input, flow, response."""
