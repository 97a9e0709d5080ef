"""Training on several devices and machines: which strategy, who writes, and what Keras lacks."""

from typing import Any

import tensorflow as tf

from latentscope_tensorflow.models import Autoencoder


def gpus() -> list[Any]:
    """Return the GPUs of this machine."""
    return list(tf.config.list_physical_devices("GPU"))


def default_strategy() -> tf.distribute.Strategy:
    """Return the strategy for all GPUs of this machine, or the one in whose scope we are."""
    is_many = len(gpus()) > 1 and not tf.distribute.has_strategy()
    return tf.distribute.MirroredStrategy() if is_many else tf.distribute.get_strategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Tell whether this process writes: the only one, or the first of several."""
    resolver = strategy.cluster_resolver
    return resolver is None or not resolver.task_type or resolver.task_id == 0


def autoencoder_class(strategy: tf.distribute.Strategy) -> type[Autoencoder]:
    """Return the class of model that Keras can train under a strategy."""
    is_multi_worker = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    return _SeveralWorkers if is_multi_worker else Autoencoder


class _SeveralWorkers(Autoencoder):
    """An autoencoder that goes around what fails in Keras 3 with several workers.

    https://github.com/keras-team/keras/issues/20585
    """

    def _maybe_symbolic_build(self, *_: Any, **__: Any) -> None:
        """Build nothing: all is built, and Keras tries it with values of one worker alone."""

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the means; within a step with an axis, over which Keras averages the workers."""
        results: dict[str, Any] = super().get_metrics_result()
        if not tf.inside_function():
            return results
        return {name: tf.reshape(value, (1,)) for name, value in results.items()}
