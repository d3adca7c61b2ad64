"""How Sphinx builds these pages; `make docs` treats every warning as an error."""

from importlib.metadata import version as version_of

project = "Flask-PhoneAuth"
copyright = "The Flask-PhoneAuth authors"
version = release = version_of("Flask-PhoneAuth")

extensions = ["myst_parser"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"Flask-PhoneAuth {release}"
html_show_sphinx = False
