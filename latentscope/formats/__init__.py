"""Files of latents: one module per kind of file, opened by `load` and written by `save`."""
