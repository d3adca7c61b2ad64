"""One file per user intention, each read as one page; no web framework below this line."""
