"""How is the documentation built? With Sphinx, offline; every warning is an error.

The scripts of `examples/` are run while building and become the gallery; the pages of the API come
from the docstrings.
"""

import logging
import os
import sys
from pathlib import Path

os.environ["TQDM_DISABLE"] = "1"  # before tqdm is imported: no progress bars among the output
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait leave the cores to others

import latentscope

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "latentscope"
author = "The latentscope developers"
version = release = latentscope.__version__
extensions = [
    "mathml",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "gallery/*.ipynb", "gallery/*.py", "gallery/*.md5"]
nitpicky = True
nitpick_ignore = [
    ("py:class", "abc.ABC"),  # of Python, whose pages are not at hand
    ("py:class", "latentscope.results.OnePanel"),  # bases that only say what plot() returns
    ("py:class", "latentscope.results.SeveralPanels"),
]
templates_path = ["_templates"]

html_theme = "furo"
html_title = "latentscope"
html_static_path = ["_static"]
html_css_files = ["latentscope.css"]
html_copy_source = html_show_sphinx = html_show_copyright = False
pygments_style, pygments_dark_style = "tango", "native"

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

autosummary_generate = True
autosummary_filename_map = {  # where "PCA" and "pca" are one file name
    f"latentscope.{name}": f"latentscope.{name}_class"
    for name in latentscope._HOME
    if name[0].isupper()
}
autodoc_typehints = "none"  # types stand in the docstrings, in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False  # autodoc lists them
default_role = "code"  # what single backticks mean in docstrings


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "ignore_pattern": r"celeba_ae_vs_vae",  # trains for minutes, and makes a report of its own
    "reset_argv": "scripts.arguments",
    "copyfile_regex": r".*\.rst",
    "image_scrapers": ("matplotlib",),
    "image_srcset": ["2x"],
    "thumbnail_size": (480, 320),
    "remove_config_comments": True,
    "show_signature": False,
    "show_memory": False,
    "min_reported_time": 10_000,
    "write_computation_times": False,
    "download_all_examples": False,
    "abort_on_example_error": True,
    "plot_gallery": "True",
}
logging.getLogger("matplotlib").setLevel(logging.WARNING)
