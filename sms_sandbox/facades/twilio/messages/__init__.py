"""Messages of 2010-04-01: asking for one, showing it, telling of it, receiving one."""
