"""The text of the page on CelebA; numbers are filled in where the braces are."""

PAGE = """# CelebA: the published experiments, repeated

{lead}

The three models were trained on {n_train:,} of {n_all:,} photographs of CelebA at 96×96×3: {epochs}
epochs of Adam, learning rate {rate:g}, batch size {batch}, z_dim {z_dim}, one seed. The published
runs had the same settings but {n_published:,} photographs. Shapes can therefore be compared, digits
cannot, and the axes are numbered differently in every run. The column "verdict" says whether the
published statement holds here, and if not, why.
`python benchmarks/celeba.py RUNS --write docs/celeba.md{option}` wrote all numbers of this page and
drew its figures, none of which contains a photograph. Whether a picture shows a face was judged by
eye.

## Are these the published models?

{parameters}

The encoder of the VAE was published as "4.9 M" parameters; it has 5.1 M.

{losses}

Losses are in nats per image, averaged over the channels and summed over the pixels. They cannot
fall below the entropy of the training images, which the table calls the floor; the published floor
is not known. Our photographs had half the size of the published ones before they were resized, and
are softer.

{kl_losses}

## How far from the origin do the points of the AE lie?

{radius}

![Radii of the three models, compared with what chance would give](images/celeba-radius.png)

No loss fixes the scale of an AE. That the published radii gather near √256 = 16 is therefore not a
sign of N(0, I): the tiny-KL VAE, whose scale is just as free, has quite different radii. Only the
KL loss of the VAE keeps z at 16. In the AE and the tiny-KL VAE, the radii spread wider than those
of a Gaussian with the same mean and covariance: the cloud is roughly an ellipsoid, but the
distribution of its radii is broader than that of a Gaussian.

## Which axes are broad or off-centre?

{axes}

"Width" is the full width at half maximum. Both lists are sorted by how much an axis adds to the
mean squared radius. The numbers of the axes cannot be compared; what can be compared is how many
axes stand out, and how far.

{axes_summary}

![Densities along all axes of the AE](images/celeba-axes.png)

## Which directions carry the variance? Are there clusters?

{spectrum}

![Spectrum and inertia of the AE's latents](images/celeba-spectrum.png)

## What does a plane look like as you zoom in?

"PC 1–2" is the plane of the principal components (PCs) 1 and 2. A window of ±1 is a square with
sides of 2 around its centre.

{planes}

![Plane of PC 1 and 2 in four windows, latents above, Gaussian below](images/celeba-planes.png)

{square} The filaments and voids that were first reported were seen in small windows like these. A
Gaussian with the same mean and covariance, which has neither, shows them too. If chance alone
leaves a void wider than a tenth of the side, a window cannot show structure. Some windows hold more
latents than points of the Gaussian: the cloud is denser in its middle and wider in its tails, as
its radii also show. The author of the experiments withdrew that first interpretation.

## What does t-SNE draw?

{maps}

![t-SNE of latents and Gaussian, from 2, 4, 10 components and all axes](images/celeba-tsne.png)

Each map has {n_mapped:,} points. "Empty" is the share of the map's cells without a point, for cells
that hold {per_cell} points on average; uniformly distributed points would leave {chance_empty:.0%}.
"Neighbours kept" is the share of each point's nearest neighbours that the map preserves. The
published maps showed sharp filaments after PCA to two components, smeared ones after four, and none
after ten. The Gaussian, which has no filaments, gives the same sequence: the filaments come from
t-SNE, not from the latents.

## Tiny-KL VAE: does z differ from mu?

{just_mu}

## Which axes does the VAE use?

{use}

![KL divergence per axis](images/celeba-kl.png)

In the VAE (`fact=5`), z fills the shell of N(0, I), but mu does not: most axes are left to the
prior. Along those axes mu still varies a little, so that a criterion based only on the variance of
mu, with a limit of 0.01, counts all of them as active.

## Which random points decode to faces?

{centre}

The first column is the Mahalanobis distance of the origin from the data's mean: the number of
standard deviations between them, in the direction in which it is largest. N(0, I) and every cube
are centred on the origin, so that their points are about that far from the data in this one
direction, whatever their radius. The cloud of the AE is also flat: along {n_flat} of its {z_dim}
components its standard deviation is below {flat:g}, where that of N(0, I) is 1.

The tables below are based on {n_draws} draws each. They give the medians of radius and Mahalanobis
distance, the share of draws whose distance lies within the range of 99.8 % of the data, and the
median meaningful-image score of `latentscope.round_trip`. The distances in the last column are for
an off-centre Gaussian of 256 axes with the spectrum 1/i; they were computed when the published
pictures were explained.

{draws}

By eye: in the AE and the tiny-KL VAE, neither the normal draws nor those from any published cube
give a face, as published. Draws from a Gaussian per axis, which knows the mean but no correlations,
give faces covered with spots. Draws from the full Gaussian give faces, and those from its core give
better ones. The VAE gives faces for the normal draws and for uniform ±r with r from 0.5, where all
draws are close to the mean face, to about 3.5; at 5 and 8 the images burn out. Faces near the
origin were also published. The VAE gives faces even outside its shell, because most of its axes
carry nothing and the decoder ignores them.

The score says much the same. These draws have a median score above 0.5: {meaningful}. In the AE and
the tiny-KL VAE, small cubes decode to flat images, and noise, which these models encode and decode
faithfully, lands as far out as the data but not along the directions in which faces differ; the
score takes both into account. It does not see whether a face is a good one, so look at the
pictures, too.

## What is not repeated here

Maps of 20,000 to 165,000 points (there are {n_all:,} photographs), the second runs of the VAEs,
sharpened pictures, denoising and recolouring, and the intrinsic dimension. [Digits](digits.md) have
their own page. CelebA may be used for non-commercial research only; the same applies to pictures
decoded by models trained on it.
"""

LEAD = """An autoencoder maps photographs of faces to **one compact, off-centre, correlated, roughly
ellipsoidal cloud**, with no sign of filaments, voids or clusters. Whatever looked like these, in
small windows of a plane or on a t-SNE map, also appears in a Gaussian with the same mean and
covariance. Random points fail to decode to faces where they miss that cloud: the origin, around
which they are drawn, lies {ae:.1f} standard deviations from its centre in the AE, and {tiny:.1f} in
the tiny-KL VAE, whose KL loss has almost no weight; {n_ae} and {n_tiny} of {n_all:,} photographs
lie as far out in that direction. Points drawn with the data's mean *and* covariance decode to faces
in all three models. In the VAE, the origin is {vae:.1f} standard deviations from the centre, and
draws around the origin give faces as well."""
