"""Results of the published experiments on CelebA: 170,000 photographs, 24 epochs."""

N_PHOTOGRAPHS = 170_000

PARAMETERS = (  # what follows from the published layers; changes of the preset, part, number
    ("celeba-ae", {}, "encoder", 2_747_968),
    ("celeba-ae", {}, "decoder", 2_756_675),
    ("celeba-vae", {}, "encoder", 5_109_440),
    ("celeba-vae", {}, "decoder", 2_757_571),
    ("celeba-vae", {"extra_dense": 256}, "encoder", 2_881_472),
    ("celeba-vae", {"extra_dense": 384}, "encoder", 4_126_784),
    ("celeba-vae", {"z_dim": 512}, "encoder", 9_828_544),
    ("celeba-vae", {"z_dim": 512}, "decoder", 5_116_867),
)

LOSS = {"ae": (4515, 4515), "vae_tiny_kl": (4553, 4555), "vae": (4800, 5015)}
TINY_KL_LOSS = 0.0178
TINY_KL_BY_HAND = 0.01756  # from the published mean of logvar and the mean radius
KL_SHARE = 0.03  # of the VAE's total loss

PEAK = (16.5, 16.75)  # of the AE's radius density

AXES = (  # of the AE: axis, centre, full width at half maximum
    (52, 5.0, 8.0),
    (61, 1.0, 3.0),
    (73, 0.0, 5.5),
    (83, -0.5, 5.0),
    (94, 0.0, 4.0),
    (116, 0.0, 4.0),
    (119, 1.0, 3.0),
    (130, -2.0, 9.0),
    (171, 0.7, 5.0),
    (188, 0.75, 2.75),
    (200, 0.5, 11.0),
    (221, -1.0, 8.0),
)

POINTS_IN_SQUARE = 400  # of PC 1–2, ±0.25, about
VOID_IN_SQUARE = 0.18  # of its side, by chance

JUST_MU = {  # tiny-KL VAE, first run and second run
    "logvar: maximum": ("-2.02", "3.38"),
    "logvar: minimum": ("-24.66", "-22.78"),
    "logvar: mean": ("-13.68", "-13.43"),
    "largest |z − mu|": ("0.26", "–"),
    "components with |z − mu| ≥ 0.05": ("5", "–"),
    "radius by z: minimum … mean … maximum": ("6.4961 … 16.283989 … 33.1027", "–"),
    "radius by mu: minimum … mean … maximum": ("6.4946 … 16.283972 … 33.0972", "–"),
    "radius difference: mean, maximum": ("9.49e-4, 0.0180", "–"),
    "relative difference: mean": ("6.12e-5", "6.57e-5"),
    "relative difference: maximum": ("7.21e-4", "0.0125"),
}

HALF_WIDTHS = (0.5, 1, 1.5, 2, 2.5, 3, 3.5, 5, 8, 50)  # of uniform(−r, r); the last for AEs alone

DISTANCES = {  # Mahalanobis, for an off-centre Gaussian with spectrum 1/i in 256 dimensions
    "full Gaussian": "16.0",
    "normal": "29.6",
    "uniform ±1.5": "26.2",
    "Gaussian per axis": "27.9",
}
