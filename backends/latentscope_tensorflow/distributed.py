"""Training on several devices and machines: the strategy, the writer, and fixes for Keras."""

from typing import Any

import tensorflow as tf

from latentscope.errors import DataError
from latentscope_tensorflow.models import Autoencoder


def gpus() -> list[Any]:
    """Return the GPUs of this machine."""
    return list(tf.config.list_physical_devices("GPU"))


def default_strategy() -> tf.distribute.Strategy:
    """Return the strategy of the current scope, or else one for all GPUs of this machine."""
    is_many = len(gpus()) > 1 and not tf.distribute.has_strategy()
    return tf.distribute.MirroredStrategy() if is_many else tf.distribute.get_strategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Return True if this process writes: the only one, the chief, or the first worker."""
    resolver = strategy.cluster_resolver
    if resolver is None or not resolver.task_type:
        return True
    chief = "chief" if "chief" in resolver.cluster_spec().as_dict() else "worker"
    return (resolver.task_type, resolver.task_id) == (chief, 0)


def check_batch_size(batch_size: int, strategy: tf.distribute.Strategy) -> None:
    """Refuse batches that cannot be split evenly: every device's mean has the same weight."""
    n_devices = strategy.num_replicas_in_sync
    if batch_size % n_devices:
        raise DataError(
            f"batch_size must be a multiple of {n_devices}, the number of devices; got "
            f"{batch_size}. Change the config's batch_size.",
            parameter="batch_size",
        )


class DistributedAutoencoder(Autoencoder):
    """An autoencoder that works around errors of Keras 3 under distribution strategies.

    https://github.com/keras-team/keras/issues/20585
    """

    def _maybe_symbolic_build(self, *_: Any, **__: Any) -> None:
        """Do nothing: all is built, and Keras would build with the sum of the devices' batches."""

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the means; within a step, with an axis over which Keras averages the workers."""
        results: dict[str, Any] = super().get_metrics_result()
        strategy = tf.distribute.get_strategy()
        is_multi_worker = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
        if not (is_multi_worker and tf.inside_function()):
            return results
        return {name: tf.reshape(value, (1,)) for name, value in results.items()}
