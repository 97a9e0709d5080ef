"""The words of the page on CelebA; the numbers come in where the braces are."""

PAGE = """# CelebA: the published experiments, repeated

{lead}

{n_all:,} photographs of CelebA, {n_train:,} of them to train on, at 96×96×3; {epochs} epochs of
Adam, learning rate {rate:g}, batch {batch}, z_dim {z_dim}, one seed. The published runs had the
same settings and {n_published:,} photographs, so shapes compare and digits do not, and axes have
other numbers in every run. The last column says whether the published statement holds here, and
where it does not, why. `python benchmarks/celeba.py RUNS --write docs/celeba.md{option}` wrote all
numbers of this page and drew its figures; no photograph is in them. Whether a picture is a face is
said by eye.

## Are these the published models?

{parameters}

The encoder of the VAE was published as "4.9 M": it has 5.1 M.

{losses}

Losses are nats per image: pixel sums of the channel mean. They cannot fall below the entropy of the
training images, the floor; the published floor is not known. Our photographs had half the size of
the published ones before they were resized, and are softer.

{kl_losses}

## On which shell do the points of the AE live?

{radius}

![Radii of the three models beside the laws of chance](images/celeba-radius.png)

No loss holds the scale of an AE: that the published radii gather near √256 = 16 is no sign of
N(0, I). The tiny-KL VAE, of the same kind, ends elsewhere altogether. Only the KL loss of the VAE
holds z at 16. In both free models the radii spread wider than those of a Gaussian with the same
mean and covariance: the cloud is roughly an ellipsoid, but its radial law is broader than a
Gaussian's.

## Which axes are broad or off-centre?

{axes}

"Width" is the full width at half maximum; both lists are sorted by what an axis adds to the mean
squared radius. The axes are not the same ones: what compares is how many stand out, and how far.

{axes_summary}

![Densities along all axes of the AE](images/celeba-axes.png)

## Which directions carry the variance? Are there clusters?

{spectrum}

![Spectrum and inertia of the AE's latents](images/celeba-spectrum.png)

## What does a plane look like, closer and closer?

{planes}

![Plane of PC 1 and 2 in four windows, latents above, Gaussian below](images/celeba-planes.png)

{square} The filaments and voids of the first reading were seen in small windows like these. A
Gaussian with the same mean and covariance, which has neither, shows them too. Where chance alone
leaves a void wider than a tenth of the side, a window cannot show structure. Some windows hold more
latents than Gaussian points: the cloud is denser in its middle and wider in its tails, as its radii
say. The author of the experiments withdrew that first reading.

## What does t-SNE draw?

{maps}

![t-SNE of latents and Gaussian, from 2, 4, 10 components and all axes](images/celeba-tsne.png)

Each map is of {n_mapped:,} points. "Empty" is the share of the map's cells without a point, at
{per_cell} points per cell in the mean; evenly random points would leave {chance_empty:.0%}.
Published were sharp filaments after PCA to two components, smeared ones after four, and none after
ten. The Gaussian, which has no filaments, gives the same sequence: t-SNE draws them, not the
latents.

## Tiny-KL VAE: is z just mu?

{just_mu}

## What does the VAE use?

{use}

![KL divergence per axis](images/celeba-kl.png)

The VAE with fact 5 fills the shell of N(0, I) by z, not by mu, and leaves most axes to the prior.
Along those mu still varies a little, so that a criterion by the variance of mu alone, at 0.01,
calls all of them active.

## Which random points decode to faces?

{centre}

Off centre is the Mahalanobis distance of the origin from the data's mean: how many standard
deviations off it is along the direction that shows it best. N(0, I) and every cube sit around the
origin, so their points are about that far off in this one direction, whatever their radius. The
AE's cloud is also flat: along {n_flat} of its {z_dim} components its standard deviation is below
{flat:g}, where N(0, I) has 1.

Below, of {n_draws} draws each: the medians of radius and Mahalanobis distance, the share that lies
as far out as 99.8 % of the data, and the median meaningful-image score of
`latentscope.round_trip`. The distances in the last column were computed, when the published
pictures were explained, for an off-centre Gaussian of 256 axes with the spectrum 1/i.

{draws}

By eye: in AE and tiny-KL VAE neither the normal draws nor those of any published cube give a face,
as published. The Gaussian per axis, which knows the mean and no correlations, gives faces under a
storm of spots. The full Gaussian gives faces, and its core better ones. The VAE gives faces for the
normal draws and for uniform ±r from 0.5, where all are nearly the mean face, to about 3.5; at 5 and
8 they burn out. Published too: faces near the origin. It does so even outside its shell, because
most of its axes carry nothing, and the decoder ignores them.

The score says much the same. Draws with a median above 0.5: {meaningful}. It counts that
small cubes of the free models decode to flat images, and that noise, which these models encode and
decode faithfully, lands as far out as the data and not along the directions in which faces differ.
Whether a face is a good one it does not see: look at pictures, too.

## What is not repeated here

Maps of 20,000 to 165,000 points (there are {n_all:,} photographs), the second runs of the VAEs,
sharpened pictures, denoising and recolouring, and the intrinsic dimension. [Digits](digits.md) have
a page of their own. CelebA may be used for non-commercial research only; so may pictures that were
decoded by models trained on it.
"""

LEAD = """An autoencoder puts photographs of faces into **one compact, off-centre, correlated,
roughly ellipsoidal cloud**: no sign of
filaments, voids or clusters. Whatever looked like them, in
small windows of a plane or on a t-SNE map, a Gaussian with the same mean and covariance shows too.
Random points fail because they miss that cloud: the origin, around which they are drawn, lies
{ae:.1f} standard deviations off its centre in the AE and {tiny:.1f} in the tiny-KL VAE; {n_ae} and
{n_tiny} of {n_all:,} photographs get as far that way. Points drawn with the data's mean *and*
covariance decode to faces in all three models. The VAE, {vae:.1f} off centre, needs no such
help."""
