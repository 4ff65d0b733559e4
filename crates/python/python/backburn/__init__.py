"""Multilayer perceptrons on tables, as scikit-learn estimators.

>>> from backburn import BackburnRegressor
>>> model = BackburnRegressor(preset="fast", random_state=0)
>>> X = [[size, size % 3] for size in range(60)]
>>> y = [3.0 * size + 10.0 * (size % 3) for size in range(60)]
>>> model.fit(X, y).predict([[30, 0]]).shape
(1,)

Tables come as pandas, polars or pyarrow, as anything with the Arrow PyCapsule interface, or as arrays of NumPy.
"""

from importlib.metadata import version

from ._backburn import BackburnError
from ._classifier import BackburnClassifier
from ._regressor import BackburnRegressor

__version__ = version("backburn")

__all__ = ["BackburnClassifier", "BackburnError", "BackburnRegressor"]
