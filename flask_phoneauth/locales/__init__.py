"""Our languages: one `.po` catalogue each, English being the message ids themselves."""
