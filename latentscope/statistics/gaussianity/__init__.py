"""How far is a cloud from a Gaussian? Marginals, radii, null sets, and two samples told apart."""
