"""The losses of AE and VAE as pure functions of tensors, in nats per image.

They use only `keras.ops`, so they run on every backend of Keras 3.
"""

from typing import Any

from keras import ops

from latentscope.backend import LOGVAR_RANGE
from latentscope.backend import draw as drawn


def bce(target: Any, image: Any) -> Any:
    """Return the binary cross-entropy of each image: mean over channels, sum over pixels.

    −Σ_pixels mean_channels (t ln x + (1 − t) ln(1 − x)). If TensorFlow detects that x comes from a
    sigmoid, Keras uses the logits instead; otherwise x is kept 1e-7 away from 0 and 1.

    Parameters
    ----------
    target, image : tensor of shape (n, height, width, channels)
        In [0, 1].

    Returns
    -------
    tensor of shape (n,)
        Nats.

    Examples
    --------
    >>> import numpy as np
    >>> half = np.full((1, 4, 4, 3), 0.5, np.float32)
    >>> round(float(bce(half, half)[0]), 3)  # 16 ln 2
    11.09
    """
    return ops.sum(ops.mean(ops.binary_crossentropy(target, image), axis=-1), axis=(1, 2))


def mse(target: Any, image: Any) -> Any:
    """Return the squared error of each image: mean over channels, sum over pixels.

    Parameters
    ----------
    target, image : tensor of shape (n, height, width, channels)
        In [0, 1].

    Returns
    -------
    tensor of shape (n,)
        Squared units.

    Examples
    --------
    >>> import numpy as np
    >>> float(mse(np.zeros((1, 4, 4, 3)), np.full((1, 4, 4, 3), 0.5))[0])
    4.0
    """
    return ops.sum(ops.mean(ops.square(target - image), axis=-1), axis=(1, 2))


def kl(mu: Any, logvar: Any) -> Any:
    """Return the divergence of each posterior N(mu, exp(logvar)) from N(0, I), in nats.

    Σ −½ (1 + logvar − mu² − exp(logvar)) over the latent axes; logvar is kept within
    `LOGVAR_RANGE`.

    Parameters
    ----------
    mu, logvar : tensor of shape (n, z_dim)

    Returns
    -------
    tensor of shape (n,)

    References
    ----------
    D. P. Kingma, M. Welling (2014), Auto-Encoding Variational Bayes, appendix B. arXiv:1312.6114.

    Examples
    --------
    >>> import numpy as np
    >>> float(kl(np.full((1, 4), 2.0), np.zeros((1, 4)))[0])  # 4 · 2² / 2
    8.0
    """
    logvar = ops.clip(logvar, *LOGVAR_RANGE)
    return -0.5 * ops.sum(1.0 + logvar - ops.square(mu) - ops.exp(logvar), axis=-1)


def draw(mu: Any, logvar: Any, noise: Any, factor: float = 1.0) -> Any:
    """Return z drawn as by models, with tensors through which gradients flow.

    Parameters
    ----------
    mu, logvar, noise : tensor of shape (n, z_dim)
        Noise is standard normal; it is kept within ±5.
    factor : float
        1 to draw from the posterior, 0 for its mean.

    Returns
    -------
    tensor of shape (n, z_dim)

    Examples
    --------
    >>> import numpy as np
    >>> np.asarray(draw(np.zeros((1, 2)), np.zeros((1, 2)), np.array([[-9.0, 1.0]])))
    array([[-5.,  1.]])
    """
    return drawn(mu, logvar, noise, factor, ops=ops)


def fact_of_beta(beta: float, channels: int = 3) -> float:
    """Convert β, for a reconstruction loss summed over channels, to the weight for a channel mean.

    `Config.beta` is the inverse.

    Examples
    --------
    >>> fact_of_beta(15.0)
    5.0
    """
    return beta / channels
