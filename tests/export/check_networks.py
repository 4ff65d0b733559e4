"""Compares exported networks in ONNX Runtime with their outputs in Burn.

usage: python tests/export/check_networks.py FOLDER
needs: pip install numpy onnx onnxruntime

For each NAME.onnx of the folder, NAME.inputs has the rows and NAME.outputs what the network returned for them, as
32-bit numbers.
"""
import pathlib
import sys

import numpy
import onnx
import onnxruntime

failed = 0
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    model = onnx.load(str(path))
    onnx.checker.check_model(model, full_check=True)
    width = {value.name: value.type.tensor_type.shape.dim[1].dim_value for value in model.graph.input}
    inputs = numpy.fromfile(path.with_suffix(".inputs"), numpy.float32).reshape(-1, sum(width.values()))
    feed = {"numbers": inputs[:, : width["numbers"]]}
    if "categories" in width:
        feed["categories"] = inputs[:, width["numbers"] :].astype(numpy.int64)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    outputs = session.run(["outputs"], feed)[0]
    expected = numpy.fromfile(path.with_suffix(".outputs"), numpy.float32).reshape(outputs.shape)
    worst = float(numpy.max(numpy.abs(outputs - expected)) / max(1.0, float(numpy.abs(expected).max())))
    print(f"{path.stem:30} {worst:.1e}")
    failed += worst > 1e-5
print(f"{failed} failed")
sys.exit(bool(failed))
