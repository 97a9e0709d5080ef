"""What happens beside training: progress, checkpoints, and an eye on losses and radii."""

from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from latentscope._warn import warn
from latentscope.errors import BackendError
from latentscope_tensorflow.config import Config
from latentscope_tensorflow.folder import RunFolder
from latentscope_tensorflow.models import METRICS

_RUNAWAY = 100.0  # times √z_dim, the radius of N(0, I); an AE of few dimensions reaches 20


class Progress(keras.callbacks.Callback):
    """One bar over all epochs with the time left, and a line for each epoch, on stderr."""

    def __init__(self, n_steps: int, first_epoch: int, last_epoch: int) -> None:
        super().__init__()
        self.first_epoch, self.last_epoch = first_epoch, last_epoch
        self.bar = tqdm(
            total=n_steps * last_epoch, initial=n_steps * first_epoch, desc="training", unit="step"
        )

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.bar.set_postfix(_numbers(logs), refresh=False)
        self.bar.update()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        text = ", ".join(f"{name} {value}" for name, value in _numbers(logs).items())
        if not self.bar.disable:
            self.bar.write(f"epoch {epoch + 1}/{self.last_epoch}: {text}", file=self.bar.fp)

    def close(self) -> None:
        """End the bar, also where training was interrupted."""
        self.bar.close()


class Monitor(keras.callbacks.Callback):
    """Stop at a loss that is no number; report a latent radius that runs away."""

    def __init__(self, folder: RunFolder, config: Config) -> None:
        super().__init__()
        self.folder, self.rate = folder, config.learning_rate
        self.limit = _RUNAWAY * config.z_dim**0.5
        self.is_reported = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not np.isfinite(logs["total_loss"]):
            raise BackendError(
                f"training diverged after {self.folder.n_epochs} epochs and {batch + 1} steps: "
                f"the loss is {logs['total_loss']}. What was learned before stays in "
                f"{self.folder.path}; train in another folder with a learning_rate below "
                f"{self.rate:g}, or without mixed_precision."
            )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if logs["z_radius"] > self.limit and not self.is_reported:
            self.is_reported = True
            warn(
                f"the latent radius runs away: {logs['z_radius']:.4g} on average after epoch "
                f"{epoch + 1}, over {self.limit:.4g} (a hundred times that of N(0, I)). The KL "
                "loss may be too weak to hold it, or the learning rate too high."
            )


class Checkpoints(keras.callbacks.Callback):
    """Keep the state after every epoch."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self.folder = folder

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        metrics = {name: float(value) for name, value in logs.items()}
        self.folder.store(self.model, epoch + 1, metrics)


class SeededDropout(keras.callbacks.Callback):
    """Let what dropout leaves out follow from seed and epoch, also after a stop."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        parts = [*self.model.encoder.layers, *self.model.decoder.layers]
        layers = [layer for layer in parts if isinstance(layer, keras.layers.Dropout)]
        for number, layer in enumerate(layers):
            key = np.random.SeedSequence([self.seed, epoch, number]).generate_state(2) >> 1
            layer.seed_generator.state.assign(key)


def _numbers(logs: Any) -> dict[str, str]:
    """Return metrics as text, in the order in which one reads them."""
    names = [prefix + name for prefix in ("", "val_") for name in METRICS]
    return {name: f"{float(logs[name]):.5g}" for name in names if name in logs}
