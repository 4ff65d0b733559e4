"""The library `backburn`, without anything of scikit-learn."""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Literal, Protocol

class ArrowStream(Protocol):
    """A table with the Arrow PyCapsule interface, such as one of pyarrow or polars."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...

class BackburnError(RuntimeError):
    """An operation that failed, and not because of an argument."""

class Dataset:
    """A table with its schema, its target and the rows to learn from."""

    def __new__(
        cls,
        table: ArrowStream,
        target: str,
        *,
        task: Literal["regression", "classification"] | None = None,
        roles: Mapping[Literal["weight", "offset", "group", "time", "gap", "fold"], str] | None = None,
        columns: Mapping[str, str] | None = None,
        validation: int = 0,
        name: str = "table",
    ) -> Dataset: ...
    @property
    def task(self) -> Literal["regression", "classification"]: ...
    @property
    def target(self) -> str: ...
    @property
    def features(self) -> list[str]: ...
    @property
    def rows(self) -> int: ...
    @property
    def warnings(self) -> list[str]: ...

class Config:
    """Every setting of a fit."""

    def __new__(
        cls,
        preset: str = "default",
        *,
        toml: str | None = None,
        settings: str | None = None,
    ) -> Config: ...
    @staticmethod
    def names() -> list[str]: ...
    def to_toml(self) -> str: ...
    def to_json(self) -> str: ...

class Model:
    """A trained model."""

    @staticmethod
    def load(path: str | PathLike[str]) -> Model: ...
    @staticmethod
    def from_bytes(bytes: bytes, name: str = "the model") -> Model: ...
    def save(self, path: str | PathLike[str]) -> Path: ...
    def to_bytes(self) -> bytes: ...
    def predict(self, table: ArrowStream) -> bytearray: ...
    def predict_classes(self, table: ArrowStream) -> bytearray: ...
    def predict_quantiles(self, table: ArrowStream) -> bytearray: ...
    def predict_interval(self, table: ArrowStream, coverage: float = 0.9) -> bytearray: ...
    def evaluate(self, table: ArrowStream) -> str: ...
    def explain(
        self,
        table: ArrowStream,
        *,
        rows: Sequence[int] = [],
        columns: bool = True,
        repeats: int = 5,
        seed: int = 0,
    ) -> str: ...
    def report_html(
        self,
        table: ArrowStream,
        *,
        history: str | None = None,
        findings: str | None = None,
    ) -> str: ...
    @property
    def task(self) -> Literal["regression", "classification"]: ...
    @property
    def target(self) -> str: ...
    @property
    def classes(self) -> list[str] | None: ...
    @property
    def features(self) -> list[str]: ...
    @property
    def quantiles(self) -> list[float] | None: ...
    @property
    def threshold(self) -> float | None: ...
    @property
    def decides(self) -> bool: ...
    @property
    def summary(self) -> str: ...
    @property
    def history(self) -> str | None: ...
    @property
    def findings(self) -> str | None: ...
    @property
    def ending(self) -> str | None: ...

class Plan:
    """The jobs of a fit that can be run now, in any order and in any process."""

    def __new__(cls, dataset: Dataset, config: Config) -> Plan: ...
    def jobs(self) -> list[tuple[str, bytes]]: ...
    def assemble(
        self,
        dataset: Dataset,
        results: Sequence[bytes],
        *,
        observer: Callable[[str], object] | None = None,
    ) -> Plan | Model: ...

class JobRunner:
    """Runs jobs of plans for a dataset."""

    def __new__(cls, dataset: Dataset) -> JobRunner: ...
    def run(self, job: bytes) -> bytes: ...

def fit(
    dataset: Dataset,
    config: Config,
    *,
    time_limit: float | None = None,
    observer: Callable[[str], object] | None = None,
    diagnose: bool = True,
) -> tuple[Model, BaseException | None]:
    """Fits a model; the exception, if there is one, is to be raised."""
