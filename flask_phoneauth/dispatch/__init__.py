"""Who runs a job, and when; `flask_phoneauth.plugins` loads them by name."""
