"""Exports models with every setting, and compares ONNX Runtime with `trainer predict`.

usage: python tests/export/check_onnx.py TRAINER [WORD...]
       python tests/export/check_onnx.py TRAINER --model MODEL TABLE
needs: pip install numpy onnx onnxruntime

TRAINER is the program. With WORDs, only the cases whose name contains one of them are run. Each case trains a
small model on a random table with numbers, categories, booleans, dates and missing values, exports it, checks
the file with onnx.checker, and predicts a second table that also has unseen categories, numbers far outside
the training rows, and rows in which everything is missing. With --model, a model is compared on a CSV file whose numbers
and dates are plain.
"""
import datetime
import json
import math
import pathlib
import sys
import tempfile

import numpy
import onnx
import onnxruntime

from cases import TOLERANCE, check_all, read, run

MISSING = {"", "NA", "nan", "NaN", "null", "None", "?", "N/A"}


def number(text):
    return math.nan if text in MISSING else float(text)


def seconds(text):
    if text in MISSING:
        return math.nan
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)).total_seconds()


def inputs_of(model, rows):
    """The inputs of an ONNX file for rows of text."""
    feed = {}
    for value in model.graph.input:
        texts = [row[value.name].strip() for row in rows]
        if value.type.tensor_type.elem_type == onnx.TensorProto.STRING:
            column = numpy.array(texts, dtype=object)
        elif value.doc_string.startswith("seconds"):
            column = numpy.array([seconds(text) for text in texts])
        else:
            column = numpy.array([number(text) for text in texts])
        feed[value.name] = column.reshape(-1, 1)
    return feed


def usual_size(predicted):
    """Numbers near zero are compared by the size of the others, and probabilities by 1."""
    if any(name.startswith("probability_") for name in predicted[0]):
        return 1.0
    numbers = [float(row["prediction"]) for row in predicted]
    return numpy.sqrt(numpy.mean(numpy.square(numbers)))


def differences(feed, session, predicted, usual):
    """The largest relative difference of each column of `trainer predict`."""
    names = [output.name for output in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, feed)))
    found = {}
    for name in predicted[0]:
        ours = outputs[name].reshape(-1)
        if outputs[name].dtype == object:
            probabilities = numpy.sort(outputs["probabilities"], axis=1)
            is_clear = probabilities[:, -1] - probabilities[:, -2] > TOLERANCE
            theirs = numpy.array([row[name] for row in predicted], dtype=object)
            found[name] = float(numpy.mean((ours != theirs) & is_clear))
            continue
        theirs = numpy.array([float(row[name]) for row in predicted])
        size = numpy.maximum(numpy.abs(theirs), usual)
        found[name] = float(numpy.max(numpy.abs(ours - theirs) / size))
    return found


def check(trainer, model, table, folder, name):
    """Exports a model, and compares it on a table. Returns the largest difference."""
    exported = folder / "model.onnx"
    run(trainer, "export", model, "--out", exported)
    loaded = onnx.load(str(exported))
    onnx.checker.check_model(loaded, full_check=True)
    about = {entry.key: entry.value for entry in loaded.metadata_props}
    assert about["target"] and json.loads(about["format"]) is not None
    interval = ["--interval", about["interval"]] if "interval" in about else []
    run(trainer, "predict", model, table, "--out", folder / "predictions.csv", *interval)
    predicted, rows = read(folder / "predictions.csv"), read(table)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(exported), options, providers=["CPUExecutionProvider"])
    feed = inputs_of(loaded, rows)
    usual = usual_size(predicted)
    found = differences(feed, session, predicted, usual)
    # A row alone has the prediction that it has among others.
    for row in (0, len(rows) - 1):
        alone = {column: values[row : row + 1] for column, values in feed.items()}
        for column, difference in differences(alone, session, predicted[row : row + 1], usual).items():
            found[column] = max(found[column], difference if len(rows) > 1 else 0.0)
    worst = max(found.values())
    status = "ok" if worst <= TOLERANCE else f"DIFFERS {found}"
    size = exported.stat().st_size
    print(f"{name:34} {len(loaded.graph.node):5} nodes {size:10,} bytes {worst:.1e} {status}", flush=True)
    return worst


if __name__ == "__main__":
    program = pathlib.Path(sys.argv[1]).resolve()
    if sys.argv[2:3] == ["--model"]:
        model, table = map(pathlib.Path, sys.argv[3:5])
        with tempfile.TemporaryDirectory() as directory:
            sys.exit(check(program, model, table, pathlib.Path(directory), model.stem) > TOLERANCE)
    check_all(program, sys.argv[2:], check)
