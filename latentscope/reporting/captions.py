"""What each figure shows, and how it misleads."""

from typing import NamedTuple


class Topic(NamedTuple):
    """A kind of figure, with its words."""

    key: str
    title: str
    shows: str
    misleads: str


TOPICS = (
    Topic(
        "radius",
        "On which shell?",
        "How many points lie at which distance from the origin; the solid line is a Gaussian of "
        "the same mean and covariance, the dashed one N(0, I), named alone where it lies far away.",
        "The radius alone tells little: an off-centre or stretched cloud can have the radii of "
        "N(0, I) and lie elsewhere altogether. In many dimensions every Gaussian is a thin shell.",
    ),
    Topic(
        "axes",
        "Which axes are broad?",
        "The density along every axis, each scaled to its highest bin; the axes that add most to "
        "the mean squared radius are coloured, with the Gaussian fitted to each.",
        "Axes are the encoder's choice: a rotation of the latent space changes all of them and "
        "means nothing. Most projections of high-dimensional data look Gaussian, whatever it is.",
    ),
    Topic(
        "pca",
        "Which directions carry the variance?",
        "The share of each principal component, beside that of the original axes, and beside what "
        "noise at the level of the last components would show.",
        "A falling spectrum is no structure: it says that the cloud is stretched. In a VAE the "
        "collapsed axes hold the prior's variance and may be among the components above the floor.",
    ),
    Topic(
        "planes",
        "What does the plane of PC 1 and PC 2 look like, closer and closer?",
        "Points projected on the first two components; each red square is the next window, the "
        "dotted disc is as wide as the void that chance alone would leave.",
        "Few random points always show filaments and voids. Nothing smaller than the dotted disc "
        "is structure, and a window that is called too sparse can show none.",
    ),
    Topic(
        "scan",
        "Is there structure in the planes of the first components?",
        "How far the points of each window depart from a smooth density, by near pairs, nearest "
        "neighbours, empty space and alignment. In grey: what chance reaches in one scan of "
        "twenty, all windows together.",
        "Planes show what lies along them: a filament across many axes is covered by the "
        "projection of all other points. Structure finer than the spacing of the points is not "
        "seen either.",
    ),
    Topic(
        "dimension",
        "How many dimensions?",
        "Along how many directions the nearest neighbours differ, from coarse to fine, beside a "
        "Gaussian of as many points and the same covariance.",
        "Few points in many dimensions look flatter than they are, the Gaussian's too: compare the "
        "two, not the number with z_dim. Noise on a thin filament gives all dimensions back at the "
        "finest scales.",
    ),
    Topic(
        "normality",
        "Is it a Gaussian?",
        "Squared distances beside those of a Gaussian; how far each marginal is from its normal, "
        "largest first, beside chance; skewness and excess kurtosis of the marginals.",
        "Every test rejects with enough rows: look at the sizes. Most projections of "
        "high-dimensional data look Gaussian, whatever it is.",
    ),
    Topic(
        "clusters",
        "Are there clusters?",
        "The inertia of k-means for growing k, beside that of a Gaussian of the same mean and "
        "covariance, cut into as many pieces; how far it lies below (gap), and how well two halves "
        "of the points agree on the pieces (stability), beside many Gaussians.",
        "K-means splits anything, and every curve falls. Only a bend that the Gaussian's curve "
        "does not have counts. A curve that runs lower without a bend says that the cloud is no "
        "Gaussian: it is bent, or has a shape, or many small clusters.",
    ),
    Topic(
        "tsne",
        "Which points are neighbours?",
        "The t-SNE map of the data, and that of a Gaussian of the same mean and covariance, which "
        "has no structure at all.",
        "Islands, strings and gaps of such a map need not exist: see how many the Gaussian's has. "
        "Distances, sizes and densities mean nothing in it.",
    ),
    Topic(
        "posterior",
        "Which axes does the VAE use?",
        "The KL divergence of the posterior from the prior along each axis, largest first; active "
        "are those along which the variance of mu exceeds 0.01.",
        "An axis can be called active because mu varies a little along it, and still carry next to "
        "nothing: the nats tell.",
    ),
)
