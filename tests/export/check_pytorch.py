"""Exports models with every setting, and compares the PyTorch module with `trainer predict`.

usage: python tests/export/check_pytorch.py TRAINER [WORD...]
needs: pip install numpy safetensors torch

As check_onnx.py, for `--format pytorch`. It ends with a network of PyTorch that is imported.
"""
import importlib.util
import pathlib
import sys

import numpy
import torch
from safetensors.torch import save_file

from cases import TOLERANCE, check_all, read, run


def check(trainer, model, table, folder, name):
    """Exports a model, and compares it on a table. Returns the largest difference."""
    written = run(trainer, "export", model, "--out", folder / "exported", "--format", "pytorch")
    assert "exported.py" in written, written
    about = importlib.util.spec_from_file_location("exported", folder / "exported.py")
    module = importlib.util.module_from_spec(about)
    about.loader.exec_module(module)
    loaded = module.load()
    # Errors are of coverages from 50 % on.
    interval = 90 if len(loaded.target.get("errors", [])) > 40 else None
    asked = [] if interval is None else ["--interval", interval]
    run(trainer, "predict", model, table, "--out", folder / "predictions.csv", *asked)
    predicted, rows = read(folder / "predictions.csv"), read(table)
    columns = {column: [row[column] for row in rows] for column in rows[0]}
    outputs = loaded.predict(columns, interval)
    worst = 0.0
    for column in predicted[0]:
        theirs = [row[column] for row in predicted]
        if column.startswith("probability_"):
            index = loaded.target["classes"].index(column.removeprefix("probability_"))
            difference = numpy.abs(outputs["probabilities"][:, index] - numpy.array(theirs, float)).max()
        elif outputs[column].dtype == object:
            probabilities = numpy.sort(outputs["probabilities"], axis=1)
            is_clear = probabilities[:, -1] - probabilities[:, -2] > TOLERANCE
            difference = numpy.mean((outputs[column] != numpy.array(theirs, dtype=object)) & is_clear)
        else:
            theirs = numpy.array(theirs, float)
            size = numpy.maximum(numpy.abs(theirs), theirs.std())
            difference = (numpy.abs(outputs[column] - theirs) / size).max()
        worst = max(worst, float(difference))
    print(f"{name:34} {worst:.1e} {'ok' if worst <= TOLERANCE else 'DIFFERS'}", flush=True)
    return worst


def check_import(trainer, folder):
    """Imports networks, and compares their predictions with those of PyTorch."""
    torch.manual_seed(0)
    rows = torch.randn(50, 3)
    lines = [",".join(map(repr, row)) for row in rows.double().tolist()]
    (folder / "rows.csv").write_text("a,b,c\n" + "\n".join(lines) + "\n")
    for norm, outputs in ((None, 1), (torch.nn.BatchNorm1d, 1), (torch.nn.LayerNorm, 3)):
        norms = [[] if norm is None else [norm(units)] for units in (5, 4)]
        network = torch.nn.Sequential(
            torch.nn.Linear(3, 5), *norms[0], torch.nn.SiLU(), torch.nn.Linear(5, 4), *norms[1], torch.nn.SiLU(),
            torch.nn.Linear(4, outputs),
        )
        # One step of training moves the running statistics.
        network(rows)
        network.eval()
        save_file(network.state_dict(), folder / "network.safetensors")
        classes = [] if outputs == 1 else ["--classes", "x,y,z"]
        (folder / "imported.safetensors").unlink(missing_ok=True)
        run(trainer, "import", folder / "network.safetensors", "--inputs", "a,b,c", "--target", "y",
            "--activation", "silu", "--out", folder / "imported.safetensors", *classes)
        run(trainer, "predict", folder / "imported.safetensors", folder / "rows.csv", "--out", folder / "out.csv")
        predicted = read(folder / "out.csv")
        with torch.no_grad():
            expected = network(rows).double()
        if classes:
            found = [[float(row[f"probability_{name}"]) for name in "xyz"] for row in predicted]
            expected = torch.softmax(expected, 1)
        else:
            found = [[float(row["prediction"])] for row in predicted]
        worst = float((torch.tensor(found) - expected).abs().max())
        print(f"import with {norm.__name__ if norm else 'no normalization'}: {worst:.1e}")
        assert worst <= TOLERANCE


if __name__ == "__main__":
    import tempfile

    program = pathlib.Path(sys.argv[1]).resolve()
    if len(sys.argv) == 2 or "import" in sys.argv:
        with tempfile.TemporaryDirectory() as directory:
            check_import(program, pathlib.Path(directory))
    check_all(program, sys.argv[2:], check)
