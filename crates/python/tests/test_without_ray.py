"""Without Ray, the package tells what to install."""

import sys

import pytest

from backburn import BackburnRegressor, ray


def test_without_ray_the_error_says_what_to_install(monkeypatch, numbers):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ImportError, match="backburn.ray needs Ray: pip install ray"):
        ray.fit(BackburnRegressor(), *numbers)
