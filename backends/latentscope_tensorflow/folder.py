"""The folder of a training run: its settings, the last checkpoint, the history so far.

``run.json`` holds the settings, ``checkpoint-0018.weights.h5`` weights and optimizer after 18
epochs, and ``history.json`` the losses of each epoch. Each is replaced completely or not at all.
"""

import json
import re
from pathlib import Path
from typing import Any

import keras

from latentscope.backend.files import replacing
from latentscope.errors import DataError, FileFormatError

_CHECKPOINT = re.compile(r"checkpoint-(\d+)\.weights\.h5")


class RunFolder:
    """A folder in which a run can be stopped and continued.

    Parameters
    ----------
    path : Path
        Created if it does not exist.
    settings : dict
        Settings that must be the same for a run to continue from a checkpoint.

    Raises
    ------
    DataError
        If the folder holds a run with other settings.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self.path, self.settings = path, settings
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(
                f"folder must be one that can be created; got {path}: {error}."
            ) from error
        note = path / "run.json"
        if not note.exists() and (self.n_epochs or (path / "model.json").exists()):
            raise DataError(
                f"{path} holds a model or checkpoints, but no run.json with the settings of their "
                "training. Train in another folder."
            )
        wrong = _differences(_read_json(note), settings) if self.n_epochs else []
        if wrong:
            raise DataError(
                f"{path} holds a run that differs in {'; '.join(wrong)}. Use the same settings to "
                "continue it, or train in another folder."
            )

    def begin(self) -> None:
        """Write the settings; only the single writer may call this."""
        _write_json(self.path / "run.json", self.settings)

    @property
    def n_epochs(self) -> int:
        """Number of epochs completed at the last checkpoint; 0 if there is none."""
        return max(self._checkpoints(), default=0)

    @property
    def history(self) -> dict[str, list[float]]:
        """Metrics of each epoch up to the last checkpoint."""
        path = self.path / "history.json"
        if not self.n_epochs:
            return {}
        whole = _read_json(path) if path.exists() else {}
        lengths = {len(x) if isinstance(x, list) else 0 for x in whole.values()}
        if min(lengths, default=0) < self.n_epochs:
            raise FileFormatError(
                f"{path} must hold {self.n_epochs} epochs, like the checkpoint beside it. Remove "
                "the folder to start again."
            )
        return {name: values[: self.n_epochs] for name, values in whole.items()}

    def restore(self, model: keras.Model) -> None:
        """Load weights and optimizer of the last checkpoint, if any, into a built model."""
        if self.n_epochs:
            path = self._checkpoints()[self.n_epochs]
            try:
                model.load_weights(path)
            except Exception as error:  # h5py and Keras raise various exceptions for damaged files
                raise FileFormatError(
                    f"{path} cannot be read: {error}. Remove it to start again."
                ) from error

    def store(self, model: keras.Model, n_epochs: int, metrics: dict[str, float]) -> None:
        """Store the state after an epoch, then remove the previous one."""
        history = {name: [*self.history.get(name, []), value] for name, value in metrics.items()}
        _write_json(self.path / "history.json", history)
        old = self._checkpoints()
        with replacing(self.path / f"checkpoint-{n_epochs:04d}.weights.h5") as part:
            model.save_weights(part)
        for number, path in old.items():
            if number != n_epochs:
                path.unlink(missing_ok=True)

    def _checkpoints(self) -> dict[int, Path]:
        found = ((_CHECKPOINT.fullmatch(path.name), path) for path in self.path.iterdir())
        return {int(match[1]): path for match, path in found if match}


def _differences(earlier: dict[str, Any], settings: dict[str, Any]) -> list[str]:
    """Return the differences, field by field, including the fields of the config."""
    ours, theirs = (_flat(json.loads(json.dumps(x))) for x in (settings, earlier))
    return [
        f"{key} ({theirs.get(key)!r} there, {value!r} here)"
        for key, value in ours.items()
        if theirs.get(key) != value
    ]


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    config = settings.get("config")
    return settings | (config if isinstance(config, dict) else {}) | {"config": None}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (ValueError, TypeError, RecursionError) as error:
        raise FileFormatError(
            f"{path} is damaged, not valid JSON: {error}. Remove the folder to start again."
        ) from error


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with replacing(path) as part:
        part.write_text(json.dumps(content, indent=1))
