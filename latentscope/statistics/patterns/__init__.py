"""How are points arranged in a plane? Windows, functions of distance, null models, ridges."""
