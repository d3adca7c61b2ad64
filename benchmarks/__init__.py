"""Speed as ratios to a floor measured in the same run; nothing here can fail a build."""
