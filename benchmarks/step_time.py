"""Steps of a plain ReLU network in Backburn and in PyTorch, by turns, as a table of ratios.

usage: python benchmarks/step_time.py [ROUNDS]      needs: pip install torch

Every round runs each case in the one and then in the other, both with two threads, and takes the
median of seven epochs of each; the table has the medians over the rounds (five unless given). What
a step is: forward pass, mean squared error, backward pass and update. Backburn's is that of its fit
loop, shuffling and batching included; PyTorch's slices its rows in order.
"""
import json, pathlib, statistics, subprocess, sys, time

CASES = [((8, 64, 64, 1), 32), ((8, 64, 64, 1), 256), ((8, 256, 256, 256, 1), 256),
         ((64, 512, 512, 1), 256), ((8, 1024, 1024, 1024, 1), 1024)]
ROWS, EPOCHS, THREADS = 20480, 7, 2
ROOT = pathlib.Path(__file__).resolve().parents[1]


def pytorch(case, name):
    """Microseconds per step."""
    import torch

    torch.set_num_threads(THREADS)
    torch.manual_seed(1)
    widths, batch = CASES[case]
    x = torch.randn(ROWS, widths[0])
    y = torch.sin(x @ torch.randn(widths[0], 1))
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizers = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}
    optimizer = optimizers[name](network.parameters(), 1e-3)
    times = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        for first in range(0, ROWS, batch):
            optimizer.zero_grad()
            rows = slice(first, first + batch)
            torch.nn.functional.mse_loss(network(x[rows]), y[rows]).backward()
            optimizer.step()
        times.append(time.perf_counter() - start)
    return statistics.median(times) / (ROWS // batch) * 1e6


def run(*command):
    output = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line)["us_per_step"] for line in output.stdout.splitlines()]


def compare(rounds):
    build = ["cargo", "build", "--release", "-p", "backburn-training", "--example", "step_time"]
    subprocess.run(build, cwd=ROOT, check=True)
    ours = str(ROOT / "target/release/examples/step_time")
    theirs = [sys.executable, str(pathlib.Path(__file__).resolve())]
    print("| network, batch | | PyTorch, µs | Backburn, µs | ratio | through Burn, µs |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for case, (widths, batch) in enumerate(CASES):
        times = []
        for _ in range(rounds):
            fused = run(ours, str(THREADS), "fused", str(case))
            peer = run(*theirs, "case", str(case))
            burn = run(ours, str(THREADS), "burn", str(case))
            times.append(list(zip(fused, peer, burn)))
        for place, name in enumerate(("SGD", "Adam")):
            fused, peer, burn = (statistics.median(t[place][i] for t in times) for i in range(3))
            ratio = statistics.median(t[place][1] / t[place][0] for t in times)
            network = "-".join(map(str, widths)) + f", {batch}" if place == 0 else ""
            print(f"| {network} | {name} | {peer:,.0f} | {fused:,.0f} | {ratio:.1f} | {burn:,.0f} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["case"]:
        for name in ("sgd", "adam"):
            print(json.dumps({"us_per_step": pytorch(int(sys.argv[2]), name)}), flush=True)
    else:
        compare(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
