"""Predicts for Parquet files with Spark, by `mapInPandas`.

usage: python spark_predict.py MODEL ROWS OUT
needs: pip install ./crates/python pandas pyspark, and Java

ROWS is a Parquet file or a folder of such files, and OUT a folder for the same rows with the column `prediction`. The
model is broadcast, so each Python process of Spark reads it once. The executors need the same packages.
"""
import os
import sys

from pyspark.sql import SparkSession
from pyspark.sql.types import DoubleType, StringType, StructField, StructType

from backburn import BackburnClassifier, BackburnRegressor


def load(path):
    try:
        return BackburnRegressor.load(path)
    except ValueError:
        return BackburnClassifier.load(path)


def main(path, rows, out):
    # The Python processes of Spark have the packages of this one.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Spark runs a task for each processor: each task computes with one thread.
    os.environ["RAYON_NUM_THREADS"] = "1"
    spark = SparkSession.builder.appName("backburn").config("spark.executorEnv.RAYON_NUM_THREADS", "1").getOrCreate()
    model = load(path)
    kind = StringType() if isinstance(model, BackburnClassifier) else DoubleType()
    broadcast = spark.sparkContext.broadcast(model)

    def predict(batches):
        for batch in batches:
            yield batch.assign(prediction=broadcast.value.predict(batch))

    table = spark.read.parquet(rows)
    schema = StructType([*table.schema.fields, StructField("prediction", kind)])
    table.mapInPandas(predict, schema).write.mode("errorifexists").parquet(out)
    spark.stop()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
