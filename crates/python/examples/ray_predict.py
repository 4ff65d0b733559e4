"""Predicts for Parquet files with Ray Data: each actor loads the model once, and no table has to fit into memory.

usage: python ray_predict.py MODEL ROWS OUT [ACTORS]
needs: pip install ./crates/python 'ray[data]'

ROWS is a Parquet file or a folder of such files, and OUT a folder for the same rows with their predictions: the
column `prediction`, and for classes a column with the probability of each. ACTORS is the largest number of actors (2
unless given), of one thread each. There are fewer where reading the files needs the processors. On a cluster, all
nodes have to see the paths.
"""
import os
import sys

import pyarrow
import ray

from backburn import BackburnClassifier, BackburnRegressor


class Predictor:
    """A model that adds its predictions to batches of rows."""

    def __init__(self, path):
        # It counts before the first prediction of this process.
        os.environ["RAYON_NUM_THREADS"] = "1"
        try:
            self.model = BackburnRegressor.load(path)
        except ValueError:
            self.model = BackburnClassifier.load(path)

    def __call__(self, rows: pyarrow.Table) -> pyarrow.Table:
        added = {"prediction": self.model.predict(rows)}
        if isinstance(self.model, BackburnClassifier):
            probabilities = self.model.predict_proba(rows)
            added.update((f"probability of {label}", probabilities[:, index])
                         for index, label in enumerate(self.model.classes_))
        for name, values in added.items():
            rows = rows.append_column(name, pyarrow.array(values))
        return rows


def main(model, rows, out, actors="2"):
    # An actor reads the model from here, wherever its own folder is.
    model = os.path.abspath(model)
    table = ray.data.read_parquet(os.path.abspath(rows)).map_batches(
        Predictor,
        fn_constructor_args=(model,),
        batch_format="pyarrow",
        batch_size=65_536,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=int(actors)),
        num_cpus=1,
    )
    table.write_parquet(os.path.abspath(out))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
