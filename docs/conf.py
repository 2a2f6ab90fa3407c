"""The site of the documentation: `make docs`."""

from livevision import __version__

project = "livevision"
author = "the livevision authors"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = f"livevision {__version__}"
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["conf.py"]
myst_heading_anchors = 3
# pages link to files of the project, which the site does not hold
suppress_warnings = ["myst.xref_missing", "myst.header", "toc.not_included", "ref.python"]
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
