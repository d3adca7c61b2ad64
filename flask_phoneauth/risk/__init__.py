"""Whether an ask for a code looks like abuse: the app's own word, and puzzles for people."""
