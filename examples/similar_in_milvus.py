"""Similar rows in a vector database: the vectors of `trainer embed` in Milvus Lite.

usage: python examples/similar_in_milvus.py [--trainer PROGRAM] [--row N]
needs: pip install pymilvus milvus-lite

Trains a small model of the house prices in Ames, embeds the houses with the command line, and inserts the vectors with
three columns of the table. Then it searches the houses most similar to one house, also among those of one neighborhood. It
prints the recall of each index: the share of the ten nearest rows, by exact distances, that the index finds. Milvus
Lite runs inside this process; with the address of a server, the same code uses a server of Milvus.
"""
import argparse
import pathlib
import subprocess
import tempfile

import numpy
import pyarrow.parquet
from pymilvus import DataType, MilvusClient

ROOT = pathlib.Path(__file__).resolve().parents[1]
TABLE = ROOT / "crates/trainer/data/ames.csv.gz"
COLUMNS = ["Neighborhood", "Gr_Liv_Area", "Sale_Price"]
# The type of each index, its parameters, and those of a search.
INDEXES = {
    "FLAT": ({}, {}),
    "HNSW": ({"M": 16, "efConstruction": 100}, {"ef": 64}),
    "HNSW_SQ": ({"M": 16, "efConstruction": 100, "sq_type": "SQ8"}, {"ef": 64}),
}
NEIGHBORS, QUERIES = 10, 200


def embed(trainer, folder):
    """The columns of the table, and the vectors of its rows: `[rows, dimensions]`."""
    model, vectors = folder / "ames.safetensors", folder / "vectors.parquet"
    fast = ["--preset", "fast", "--set", "training.epochs=5"]
    run = lambda *command: subprocess.run([trainer, *map(str, command)], check=True, capture_output=True)
    run("train", TABLE, "--target", "Sale_Price", "--out", model, *fast)
    run("embed", model, TABLE, "--keep", ",".join(COLUMNS), "--out", vectors)
    table = pyarrow.parquet.read_table(vectors)
    rows = table.select(COLUMNS).to_pylist()
    return rows, numpy.array(table["embedding"].to_pylist(), numpy.float32)


def insert(client, rows, vectors):
    """A collection of all rows. The primary key of a row is its number, from 1."""
    schema = client.create_schema(auto_id=False)
    schema.add_field("row", DataType.INT64, is_primary=True)
    schema.add_field("embedding", DataType.FLOAT_VECTOR, dim=vectors.shape[1])
    schema.add_field("Neighborhood", DataType.VARCHAR, max_length=100)
    schema.add_field("Gr_Liv_Area", DataType.DOUBLE)
    schema.add_field("Sale_Price", DataType.DOUBLE)
    client.create_collection("houses", schema=schema)
    entities = [{"row": number, "embedding": vector, "Neighborhood": row["Neighborhood"],
                 "Gr_Liv_Area": float(row["Gr_Liv_Area"]), "Sale_Price": float(row["Sale_Price"])}
                for number, (row, vector) in enumerate(zip(rows, vectors), 1)]
    client.insert("houses", entities)
    # Rows in memory are searched without the index.
    client.flush("houses")


def use_index(client, name):
    index = client.prepare_index_params()
    index.add_index("embedding", index_type=name, metric_type="L2", params=INDEXES[name][0])
    client.create_index("houses", index)
    client.load_collection("houses")


def drop_index(client):
    client.release_collection("houses")
    client.drop_index("houses", "embedding")


def recall(client, name, vectors):
    """The share of the nearest rows that a search finds. The row itself does not count."""
    asked = numpy.random.default_rng(0).choice(len(vectors), QUERIES, replace=False)
    found = client.search("houses", data=list(vectors[asked]), limit=NEIGHBORS + 1,
                          search_params={"params": INDEXES[name][1]})
    shares = []
    for row, hits in zip(asked, found):
        distances = numpy.square(vectors.astype(float) - vectors[row]).sum(1)
        distances[row] = numpy.inf
        others = [hit["row"] - 1 for hit in hits if hit["row"] - 1 != row][:NEIGHBORS]
        # Of rows at the same distance, each is right. Distances in the index are 32-bit numbers.
        farthest = numpy.sort(distances)[NEIGHBORS - 1] * (1 + 1e-5)
        shares.append(numpy.mean(distances[others] <= farthest) * len(others) / NEIGHBORS)
    return numpy.mean(shares)


def show_similar(client, vectors, row, rows):
    place = rows[row - 1]["Neighborhood"]
    for title, condition in (("in the table", ""), (f"in {place}", f'Neighborhood == "{place}"')):
        hits = client.search("houses", data=[vectors[row - 1]], limit=4, filter=condition, output_fields=COLUMNS,
                             search_params={"params": INDEXES["HNSW"][1]})[0]
        print(f"\nthe houses most similar to that of row {row} {title}")
        for hit in hits:
            house = hit["entity"]
            print(f"row {hit['row']:5}  distance {max(hit['distance'], 0) ** 0.5:6.3f}  {house['Neighborhood']:20} "
                  f"{house['Gr_Liv_Area']:6,.0f} square feet  ${house['Sale_Price']:,.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trainer", default="trainer", help="the program, if it is not in PATH")
    parser.add_argument("--row", type=int, default=1, help="the row whose similar rows are shown, from 1")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        rows, vectors = embed(args.trainer, folder)
        if not 1 <= args.row <= len(rows):
            parser.error(f"--row must be from 1 to {len(rows)}")
        print(f"{len(rows):,} rows with vectors of {vectors.shape[1]} dimensions")
        client = MilvusClient(str(folder / "houses.db"))
        insert(client, rows, vectors)
        found = {}
        for name in INDEXES:
            use_index(client, name)
            found[name] = recall(client, name, vectors)
            print(f"{name:8} recall {found[name]:.3f}")
            drop_index(client)
        use_index(client, "HNSW")
        show_similar(client, vectors, args.row, rows)
        client.close()
    assert found["FLAT"] == 1, "a search without approximation misses rows"
    assert found["HNSW"] > 0.95 and found["HNSW_SQ"] > 0.8, "an index misses too many rows"


if __name__ == "__main__":
    main()
