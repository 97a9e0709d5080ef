"""How do points lie in a plane? Windows, functions of distance, null models, ridges."""
