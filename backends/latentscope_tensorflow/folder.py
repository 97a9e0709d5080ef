"""The folder of a training run: its settings, the last checkpoint, the history so far.

``run.json`` says what is trained, ``checkpoint-0018.weights.h5`` holds weights and optimizer after
18 epochs, ``history.json`` the losses of each. All are replaced whole or not at all.
"""

import json
import re
from pathlib import Path
from typing import Any

import keras

from latentscope._atomic import replacing
from latentscope.errors import DataError, FileFormatError

_CHECKPOINT = re.compile(r"checkpoint-(\d+)\.weights\.h5")


class RunFolder:
    """A folder in which a run can be stopped and continued.

    Parameters
    ----------
    path : Path
        Made if it does not exist.
    settings : dict
        What two runs must share for the one to continue the other.

    Raises
    ------
    DataError
        If the folder holds a run with other settings.
    """

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        self.path, self.settings = path, settings
        path.mkdir(parents=True, exist_ok=True)
        note = path / "run.json"
        if not note.exists():
            _write_json(note, settings)
        earlier = _read_json(note)
        wrong = [
            f"{key} ({earlier.get(key)!r} there, {value!r} here)"
            for key, value in json.loads(json.dumps(settings)).items()
            if earlier.get(key) != value
        ]
        if wrong:
            raise DataError(
                f"{path} holds a run that differs in {'; '.join(wrong)}. Repeat its settings to "
                "continue it, or train in another folder."
            )

    @property
    def n_epochs(self) -> int:
        """Epochs that the last checkpoint has behind it; 0 if there is none."""
        return max(self._checkpoints(), default=0)

    @property
    def history(self) -> dict[str, list[float]]:
        """Metrics of each epoch up to the last checkpoint."""
        path = self.path / "history.json"
        whole = _read_json(path) if path.exists() else {}
        return {name: values[: self.n_epochs] for name, values in whole.items()}

    def restore(self, model: keras.Model) -> None:
        """Give a built model the weights and optimizer of the last checkpoint, if there is one."""
        if self.n_epochs:
            path = self._checkpoints()[self.n_epochs]
            try:
                model.load_weights(path)
            except (OSError, ValueError, KeyError) as error:
                raise FileFormatError(
                    f"{path} cannot be read: {error}. Remove it to start anew."
                ) from error

    def store(self, model: keras.Model, n_epochs: int, metrics: dict[str, float]) -> None:
        """Keep the state after an epoch, then remove the one before."""
        history = {name: [*self.history.get(name, []), value] for name, value in metrics.items()}
        _write_json(self.path / "history.json", history)
        old = self._checkpoints()
        with replacing(self.path / f"checkpoint-{n_epochs:04d}.weights.h5") as part:
            whole = part.with_name(f"{part.name}.weights.h5")  # the only ending that Keras takes
            model.save_weights(whole)
            whole.replace(part)
        for number, path in old.items():
            if number != n_epochs:
                path.unlink()

    def _checkpoints(self) -> dict[int, Path]:
        found = ((_CHECKPOINT.fullmatch(path.name), path) for path in self.path.iterdir())
        return {int(match[1]): path for match, path in found if match}


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except ValueError as error:
        raise FileFormatError(
            f"{path} is not the JSON it was: {error}. Remove the folder to start anew."
        ) from error


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with replacing(path) as part:
        part.write_text(json.dumps(content, indent=1))
