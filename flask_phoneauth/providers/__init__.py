"""Our clients of SMS vendors, one module each; `flask_phoneauth.plugins` loads them by name."""
