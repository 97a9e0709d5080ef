"""Callbacks for training: progress, checkpoints, interruption, and checks of losses and radii."""

import signal
import threading
import warnings
from typing import Any, Self

import keras
import numpy as np
from tqdm import tqdm

from latentscope.errors import BackendError, LatentscopeWarning
from latentscope_tensorflow.config import Config
from latentscope_tensorflow.folder import RunFolder
from latentscope_tensorflow.models import METRICS

_EVERY = 10  # steps between reads of the loss, which make a GPU wait
_SHORT = {"total_loss": "loss", "reco_loss": "reco", "kl_loss": "kl", "z_radius": "radius"}
_RUNAWAY = 100.0  # times √z_dim, the radius of N(0, I); an AE of few dimensions reaches 20


class Progress(keras.callbacks.Callback):
    """One bar over all epochs with the time left, and a line for each epoch, on stderr."""

    def __init__(self, n_steps: int, first_epoch: int, last_epoch: int, floor: float) -> None:
        super().__init__()
        self.last_epoch, self.floor, self.title = last_epoch, floor, ""
        self.bar = tqdm(
            total=n_steps * last_epoch, initial=n_steps * first_epoch, unit="step", smoothing=0.1
        )
        if first_epoch:
            self.say(f"continuing after {first_epoch} of {last_epoch} epochs")

    def say(self, text: str) -> None:
        """Write a line above the bar."""
        if not self.bar.disable:
            self.bar.write(text, file=self.bar.fp)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.title = f"epoch {epoch + 1}/{self.last_epoch}"
        self.bar.set_description(self.title)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch % _EVERY == 0:
            self.bar.set_postfix_str(f"loss {float(logs['total_loss']):.5g}", refresh=False)
        self.bar.update()
        if batch == 0:
            self.bar.unpause()  # the first step includes compilation and would distort the estimate

    def on_test_begin(self, logs: Any = None) -> None:
        self.bar.set_description(f"{self.title}, validating")

    def on_test_end(self, logs: Any = None) -> None:
        self.bar.unpause()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        values = {_SHORT[name]: f"{logs[name]:.5g}" for name in METRICS}
        values["reco"] += f" (floor {self.floor:.5g})"
        if "val_total_loss" in logs:
            values["validation loss"] = f"{logs['val_total_loss']:.5g}"
        self.say(f"{self.title}: {', '.join(map(' '.join, values.items()))}")

    def close(self) -> None:
        """Close the bar, also after an interruption."""
        self.bar.close()


class Monitor(keras.callbacks.Callback):
    """Stop if the loss is NaN or infinite; warn if the latent radius diverges."""

    def __init__(self, folder: RunFolder, config: Config) -> None:
        super().__init__()
        self.folder, self.rate = folder, config.learning_rate
        self.limit = _RUNAWAY * config.z_dim**0.5
        self.is_reported = False

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch % _EVERY == 0 and not np.isfinite(logs["total_loss"]):
            self._stop(f"after step {batch + 1} the loss is {logs['total_loss']}")

    def _stop(self, what: str) -> None:
        raise BackendError(
            f"training diverged in epoch {self.folder.n_epochs + 1}: {what}. The last checkpoint "
            f"stays in {self.folder.path}; train in another folder with a learning_rate below "
            f"{self.rate:g}, or without mixed_precision."
        )

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        for name, value in known(logs).items():
            if not np.isfinite(value):
                self._stop(f"{name} is {value}")
        for weight in self.model.weights:
            if not np.isfinite(np.asarray(weight.value)).all():
                self._stop(f"weights {weight.path} are NaN or infinite")
        if logs["z_radius"] > self.limit and not self.is_reported:
            self.is_reported = True
            warnings.warn(
                f"the latent radius diverges: {logs['z_radius']:.4g} on average after epoch "
                f"{epoch + 1}, above {self.limit:.4g} (a hundred times that of N(0, I)). The KL "
                "loss may be too weak, or the learning rate too high.",
                LatentscopeWarning,
                stacklevel=1,  # the caller is Keras
            )


class Interrupts(keras.callbacks.Callback):
    """Stop training after the batch in which Ctrl-C is pressed; at once if it is pressed again.

    Both a context manager around ``fit`` and a callback. `KeyboardInterrupt` is raised between
    batches, because Python ignores it inside finalizers (``__del__``, callbacks of weakref), of
    which TensorFlow runs many: training would continue as if Ctrl-C had not been pressed.

    Only the main thread can set a signal handler; a handler set by others is kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_asked = False
        self.before: Any = None

    def __enter__(self) -> Self:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self.before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
        if kind is None:
            self._raise_if_asked()  # since the last batch

    def _ask(self, *_: Any) -> None:
        self._raise_if_asked()
        self.is_asked = True

    def _raise_if_asked(self) -> None:
        if self.is_asked:
            raise KeyboardInterrupt("stopped by Ctrl-C")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._raise_if_asked()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self._raise_if_asked()


class Checkpoints(keras.callbacks.Callback):
    """Store the state after every epoch."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self.folder = folder

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.folder.store(self.model, epoch + 1, known(logs))


def known(logs: Any) -> dict[str, Any]:
    """Return our metrics as plain numbers, without those that other callbacks add."""
    names = [prefix + name for prefix in ("", "val_") for name in METRICS]
    return {name: np.asarray(logs[name], float).tolist() for name in names if name in logs}


class SeededDropout(keras.callbacks.Callback):
    """Make dropout depend only on seed and epoch, so that it is the same after a restart."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        parts = [*self.model.encoder.layers, *self.model.decoder.layers]
        layers = [layer for layer in parts if isinstance(layer, keras.layers.Dropout)]
        for number, layer in enumerate(layers):
            key = np.random.SeedSequence([self.seed, epoch, number]).generate_state(2) >> 1
            layer.seed_generator.state.assign(key)
