"""Fits that are stopped, watched, or in the wrong process."""

import _thread
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from backburn import BackburnRegressor
from backburn._progress import _job

#: So many epochs take much longer than the test.
LONG = {"epochs": 1_000_000, "patience": 0}


def test_ctrl_c_stops_a_fit_and_keeps_the_result(regressor, numbers):
    X, y = numbers
    regressor.set_params(**LONG)
    started = threading.Event()
    regressor.set_params(callback=lambda event: started.set() if event["event"] == "epoch_end" else None)

    def interrupt():
        started.wait(60)
        # What Ctrl-C does, on every system.
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        regressor.fit(X, y)
    thread.join()
    assert time.monotonic() - begun < 60
    assert np.isfinite(regressor.predict(X)).all()


def test_a_time_limit_ends_a_fit(regressor, numbers):
    begun = time.monotonic()
    regressor.set_params(**LONG, time_limit=0.5).fit(*numbers)
    assert time.monotonic() - begun < 30
    assert regressor.history_["stop"] == "Interrupted"


def test_other_threads_run_during_a_fit(regressor, numbers):
    counted = 0
    ended = threading.Event()

    def count():
        nonlocal counted
        while not ended.is_set():
            counted += 1
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    regressor.set_params(**LONG, time_limit=1.0).fit(*numbers)
    ended.set()
    thread.join()
    assert counted > 50


def test_a_callback_gets_every_epoch(regressor, numbers):
    events = []
    regressor.set_params(callback=events.append).fit(*numbers)
    epochs = [event["epoch"] for event in events if event["event"] == "epoch_end"]
    assert epochs == [1, 2, 3, 4, 5]
    assert events[0]["event"] == "network_start"
    assert [event["stop"] for event in events if event["event"] == "fit_end"] == ["Finished"]


def test_an_exception_of_a_callback_ends_the_fit(regressor, numbers):
    def refuse(event):
        raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        regressor.set_params(**LONG, callback=refuse).fit(*numbers)
    assert not hasattr(regressor, "_model")


def test_progress_is_printed_if_wanted(regressor, numbers, capsys):
    regressor.fit(*numbers)
    assert capsys.readouterr() == ("", "")
    regressor.set_params(verbose=True).fit(*numbers)
    out, err = capsys.readouterr()
    assert out == ""
    assert "network: epoch 5, training loss" in err
    names = ["network-trial-target-transform-1-2", "network", "network-member-2"]
    assert [_job(name) for name in names] == ["trial", "network", "network 2"]


FORK = """
import os, sys
import numpy as np
from backburn import BackburnError, BackburnRegressor

X = np.random.default_rng(0).normal(size=(60, 2))
model = BackburnRegressor(preset="fast", epochs=2).fit(X, X[:, 0])
child = os.fork()
if child == 0:
    try:
        model.predict(X)
    except BackburnError as error:
        os._exit(0 if "forked" in str(error) else 1)
    os._exit(2)
_, status = os.waitpid(child, 0)
model.predict(X)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_forked_process_is_an_error_and_does_not_hang():
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], check=True, timeout=120)


def test_a_fit_that_diverges_tells_why(numbers):
    X, y = numbers
    model = BackburnRegressor(preset="fast", optimizer="sgd", learning_rate=1.0, random_state=0)
    with pytest.raises(RuntimeError, match="infinite or NaN[^$]*Remedy: reduce the learning rate"):
        model.fit(X, y)
