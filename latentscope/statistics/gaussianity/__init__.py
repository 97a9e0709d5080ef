"""How far is a cloud from a Gaussian? Marginals, radii, null sets, and a two-sample classifier."""
