"""One Ctrl-C ends a training, wherever it strikes; handlers of others stay as they were."""

import signal
import threading

import keras
import pytest
from latentscope_tensorflow import train


class Finalized:
    """Presses Ctrl-C in a finalizer, where Python ignores a KeyboardInterrupt that is raised."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


class Press(keras.callbacks.Callback):
    """Act before the second batch; note the handlers and the batches that end."""

    def __init__(self, act):
        super().__init__()
        self.act, self.ended, self.handlers = act, [], set()

    def on_train_batch_begin(self, batch, logs=None):
        self.handlers.add(signal.getsignal(signal.SIGINT))
        if batch == 1:
            self.act()

    def on_train_batch_end(self, batch, logs=None):
        self.ended.append(batch)


@pytest.fixture
def standard_handler():
    """Ctrl-C as Python has it, whoever runs the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_one_ctrl_c_ends_the_training_wherever_it_strikes(
    faces, small_vae, tmp_path, standard_handler
):
    press = Press(Finalized)
    with pytest.raises(KeyboardInterrupt, match="stopped by Ctrl-C"):
        train(faces, small_vae, folder=tmp_path, epochs=2, callbacks=[press])
    assert press.ended == [0, 1]  # of the first epoch
    assert signal.getsignal(signal.SIGINT) is standard_handler


def test_a_second_ctrl_c_does_not_wait_for_the_batch(faces, small_vae, tmp_path, standard_handler):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    press = Press(twice)
    with pytest.raises(KeyboardInterrupt, match="stopped by Ctrl-C"):
        train(faces, small_vae, folder=tmp_path, epochs=2, callbacks=[press])
    assert press.ended == [0]
    assert signal.getsignal(signal.SIGINT) is standard_handler


def test_ctrl_c_after_the_last_batch_is_not_lost(faces, small_vae, tmp_path, standard_handler):
    class Late(keras.callbacks.Callback):
        def on_train_end(self, logs=None):
            Finalized()

    with pytest.raises(KeyboardInterrupt, match="stopped by Ctrl-C"):
        train(faces, small_vae, folder=tmp_path, epochs=1, callbacks=[Late()])
    assert train(faces, small_vae, folder=tmp_path, epochs=1).kind == "vae"  # every epoch was kept


def test_a_handler_of_somebody_else_stays(faces, small_vae, tmp_path, standard_handler):
    def own(*_):
        pass

    signal.signal(signal.SIGINT, own)
    press = Press(Finalized)
    train(faces, small_vae, folder=tmp_path, epochs=1, callbacks=[press])
    assert press.handlers == {own}
    assert signal.getsignal(signal.SIGINT) is own


def test_training_in_another_thread_leaves_ctrl_c_alone(
    faces, small_vae, tmp_path, standard_handler
):
    press, trained = Press(int), []
    options = {"folder": tmp_path, "epochs": 1, "callbacks": [press]}
    thread = threading.Thread(target=lambda: trained.append(train(faces, small_vae, **options)))
    thread.start()
    thread.join()
    assert [model.kind for model in trained] == ["vae"]
    assert press.handlers == {standard_handler}
