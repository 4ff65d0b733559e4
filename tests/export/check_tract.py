"""Says which exported models and networks tract runs, and compares its outputs.

usage: python tests/export/check_tract.py TRAINER [WORD...]
       python tests/export/check_tract.py --networks FOLDER
needs: pip install numpy onnx onnxruntime tract

Each case trains a small model on a random table, exports it, and runs the file in tract, through tract's Python package. Where
tract supports all operators, its predictions must be those of `trainer predict`. With WORDs, only the cases whose name contains one of
them are run. The program fails if tract does not run a case that it should, or runs one that it should not, so that
docs/ship.md stays right. With --networks, the folder is one of check_networks.py, of networks without preprocessing: what tract runs must be
right.
"""
import pathlib
import sys
import tempfile

import numpy
import onnx
import tract

from cases import ACTIVATIONS, TOLERANCE, make_table, read, run
from check_onnx import inputs_of

NUMBERS = ["--features", "x,y,size"]
QUICK = ["training.epochs=3", "ensemble.members=1", "network.hidden=[16,16]", "data.knn_features=never",
         "data.neighbor_features=false", "data.impute=false", "data.bins=0"]


def cases():
    """The name of each case, the target, options of `train`, settings, and the operator that tract lacks, if any."""
    for activation in ACTIVATIONS:
        yield f"activation {activation}", "level", NUMBERS, QUICK + [f"network.activation={activation}"], None
    for normalization in ("batch", "layer"):
        settings = QUICK + [f"network.normalization={normalization}", "network.residual=true"]
        yield f"normalization {normalization}", "level", NUMBERS, settings, None
    for scaler in ("standard", "robust", "quantile"):
        for bins in ("0", "8"):
            settings = QUICK + [f"data.numeric_scaler={scaler}", f"data.bins={bins}"]
            yield f"scaler {scaler}, {bins} bins", "level", NUMBERS, settings, None
    yield "ensemble", "level", NUMBERS, QUICK + ["ensemble.members=3", "ensemble.widths=[2,1]"], None
    yield "logarithm", "amount", NUMBERS, QUICK + ["data.target_transform=log"], None
    yield "dates", "level", ["--features", "sold,seen"], QUICK, None
    for target in ("kind", "answer"):
        yield f"classes {target}", target, NUMBERS, QUICK, None
    yield "neighbors, a fixed number of rows", "level", NUMBERS, QUICK + ["data.knn_features=always"], None
    yield "imputation", "level", NUMBERS, QUICK + ["data.impute=true"], "Loop"
    yield "categories", "level", ["--features", "x,color"], QUICK, "LabelEncoder"


def without_texts(path):
    """Removes the outputs that are text, which tract's Python package cannot return. Returns the model."""
    model = onnx.load(str(path))
    texts = [output for output in model.graph.output if output.type.tensor_type.elem_type == onnx.TensorProto.STRING]
    for output in texts:
        model.graph.output.remove(output)
    needed = {output.name for output in model.graph.output}
    nodes = []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            nodes.insert(0, node)
            graphs = [attribute.g for attribute in node.attribute if attribute.HasField("g")]
            needed |= set(node.input) | {name for graph in graphs for inner in graph.node for name in inner.input}
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.save(model, str(path))
    return model


def outputs_of(path, inputs, rows="N"):
    """The outputs of a file in tract, which is told the number of rows in advance, or `N`."""
    network = tract.onnx().load(str(path))
    for place, values in enumerate(inputs):
        kind = {"float64": "f64", "float32": "f32", "int64": "i64"}[values.dtype.name]
        network.set_input_fact(place, f"{rows},{values.shape[1]},{kind}")
    network.analyse()
    outputs = network.into_model().into_runnable().run(inputs)
    return [output.to_numpy() for output in outputs]


def difference(model, outputs, predicted):
    worst = 0.0
    for info, ours in zip(model.graph.output, outputs):
        if info.name not in predicted[0]:
            continue
        theirs = numpy.array([float(row[info.name]) for row in predicted])
        size = 1.0 if info.name.startswith("probability_") else numpy.maximum(numpy.abs(theirs), theirs.std())
        worst = max(worst, float(numpy.max(numpy.abs(ours.reshape(-1) - theirs) / size)))
    return worst


def check(trainer, model, folder, has_fixed_rows):
    """What tract lacks, or the largest difference."""
    exported = folder / "model.onnx"
    run(trainer, "export", model, "--out", exported)
    run(trainer, "predict", model, folder / "test.csv", "--out", folder / "predictions.csv")
    loaded = without_texts(exported)
    if any(value.type.tensor_type.elem_type == onnx.TensorProto.STRING for value in loaded.graph.input):
        lacking = {node.op_type for node in loaded.graph.node} & {"LabelEncoder"}
        return lacking.pop() if lacking else "text"
    feed = inputs_of(loaded, read(folder / "test.csv"))
    inputs = [feed[value.name] for value in loaded.graph.input]
    try:
        outputs = outputs_of(exported, inputs, len(inputs[0]) if has_fixed_rows else "N")
    except tract.TractError as error:
        lines = str(error).splitlines()
        return "Loop" if "Unimplemented(Loop)" in lines[0] else lines[0]
    return difference(loaded, outputs, read(folder / "predictions.csv"))


def check_models(trainer, words):
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make_table(folder / "train.csv", 300, 300)
        make_table(folder / "test.csv", 100, 99, unusual=True)
        for name, target, options, settings, lacking in cases():
            if words and not any(word in name for word in words):
                continue
            model = folder / "model.safetensors"
            model.unlink(missing_ok=True)
            assignments = [part for setting in settings for part in ("--set", setting)]
            run(trainer, "train", folder / "train.csv", "--target", target, "--preset", "fast", "--out", model,
                *options, *assignments)
            found = check(trainer, model, folder, "fixed" in name)
            right = found == lacking if isinstance(found, str) else lacking is None and found <= TOLERANCE
            shown = f"tract lacks {found}" if isinstance(found, str) else f"{found:.1e}"
            print(f"{name:34} {shown}{'' if right else '  FAILED'}", flush=True)
            failed += [] if right else [name]
    return failed


def check_networks(folder):
    failed = []
    for path in sorted(folder.glob("*.onnx")):
        model = onnx.load(str(path))
        width = {value.name: value.type.tensor_type.shape.dim[1].dim_value for value in model.graph.input}
        inputs = numpy.fromfile(path.with_suffix(".inputs"), numpy.float32).reshape(-1, sum(width.values()))
        feed = {"numbers": inputs[:, : width["numbers"]], "categories": inputs[:, width["numbers"] :].astype(numpy.int64)}
        expected = numpy.fromfile(path.with_suffix(".outputs"), numpy.float32)
        try:
            outputs = outputs_of(path, [numpy.ascontiguousarray(feed[name]) for name in width])[0].reshape(-1)
        except tract.TractError as error:
            print(f"{path.stem:30} not run: {str(error).splitlines()[0]}")
            continue
        worst = float(numpy.max(numpy.abs(outputs - expected)) / max(1.0, float(numpy.abs(expected).max())))
        print(f"{path.stem:30} {worst:.1e}")
        failed += [path.stem] if worst > TOLERANCE else []
    return failed


if __name__ == "__main__":
    if sys.argv[1] == "--networks":
        missed = check_networks(pathlib.Path(sys.argv[2]))
    else:
        missed = check_models(pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:])
    print(f"{len(missed)} failed" + "".join(f": {name}" for name in missed))
    sys.exit(bool(missed))
