"""Messages: asking for them, showing them, telling of them, receiving one."""
