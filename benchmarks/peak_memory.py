"""The most memory that each command has in use at once, by rows of its table.

usage: python benchmarks/peak_memory.py [ROWS…]
needs: a POSIX system

Tables have eight columns of numbers, two of categories and a number to predict, made from a fixed seed.
Trainings end after an epoch, and those of `compare` after five seconds: what a training holds does not grow
afterwards. Prints a table in megabytes; 1,000, 10,000, 100,000 and 1,000,000 rows unless given.
"""
import os, pathlib, random, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
COMMANDS = {
    "train": "train {table} --target y --out {model} --set training.epochs=1",
    "evaluate": "evaluate {model} {table}",
    "predict": "predict {model} {table} --out {folder}/predictions.csv",
    "explain": "explain {model} {table}",
    "compare": "compare {table} --target y --time-limit 5s --folds 2",
    "find-lr": "find-lr {table} --target y",
    "gradcheck": "gradcheck {table} --target y",
    "inspect": "inspect {model}",
}


def make(path, rows):
    rng = random.Random(1)
    with open(path, "w") as file:
        file.write(",".join(f"x{i}" for i in range(8)) + ",c1,c2,y\n")
        for _ in range(rows):
            x = [rng.gauss(0, 1) for _ in range(8)]
            c = [rng.randrange(12) for _ in range(2)]
            y = 3 * x[0] + x[1] * x[2] + 0.3 * c[0] + rng.gauss(0, 0.2)
            numbers = ",".join(f"{value:.4f}" for value in x)
            file.write(f"{numbers},k{c[0]},g{c[1]},{y:.4f}\n")


def peak(program, line, **names):
    command = [program, *(word.format(**names) for word in line.split())]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        if status != 0:
            errors.seek(0)
            sys.exit(f"{' '.join(map(str, command))}: {errors.read().decode()}")
    # Kilobytes, but on macOS bytes.
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def main():
    sizes = [int(rows) for rows in sys.argv[1:]] or [1_000, 10_000, 100_000, 1_000_000]
    subprocess.run(["cargo", "build", "--release", "-p", "trainer"], cwd=ROOT, check=True)
    program = ROOT / "target/release/trainer"
    print("| rows |", " | ".join(COMMANDS), "|")
    print("| ---: |" + " ---: |" * len(COMMANDS))
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            names = {"folder": folder, "table": f"{folder}/table.csv", "model": f"{folder}/model.safetensors"}
            make(names["table"], rows)
            peaks = [peak(program, line, **names) for line in COMMANDS.values()]
        print(f"| {rows:,} |", " | ".join(f"{value:,.0f}" for value in peaks), "|", flush=True)


main()
