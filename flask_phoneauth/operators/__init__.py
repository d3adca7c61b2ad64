"""Mobile operators, who know which number a device has and when its SIM was changed."""
