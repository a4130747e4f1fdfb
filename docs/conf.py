"""Configuration of the site: ``sphinx-build -W docs FOLDER`` (the extra ``docs``)."""

import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "_extensions"))

import chainrule

project = "Chainrule"
author = "The Chainrule authors"
copyright = author  # noqa: A001 - the name that Sphinx reads
release = chainrule.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "docstrings",  # _extensions/docstrings.py: the plain text of Chainrule's docstrings
    "mathml",  # _extensions/mathml.py: formulas between dollar signs
    "sources",  # _extensions/sources.py: pages that show the files of the repository which a page links to
]
exclude_patterns = ["_*"]

# The examples are run by tests/project/test_docs.py, which also compares what they print. A notebook asks to be run
# in its own header, and draws into the page, whatever backend the environment names.
nb_execution_mode = "off"
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
nb_render_image_options = {"alt": "The picture that the code above draws"}
myst_enable_extensions = ["attrs_block", "colon_fence", "deflist", "dollarmath"]
html_math_renderer = "mathml"
myst_heading_anchors = 3

default_role = "py:obj"
add_module_names = False
toc_object_entries_show_parents = "hide"
python_maximum_signature_line_length = 90
python_use_unqualified_type_names = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
# An alias with a parameter cannot be evaluated, and autodoc then shows the types of a property as they are written.
autodoc_type_aliases = {name: name for name in ("Array", "NDArray", "dict", "tuple")}

html_theme = "pydata_sphinx_theme"
html_title = "Chainrule"
html_static_path = ["_static"]
html_css_files = ["chainrule.css"]
html_show_sourcelink = False
html_copy_source = False
html_sidebars = {page.stem: [] for page in Path(__file__).parent.glob("*.md")}  # no pages lie below these
html_theme_options = {
    "header_links_before_dropdown": 5,
    "navbar_align": "left",
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "tango",
    "pygments_dark_style": "github-dark",
}
