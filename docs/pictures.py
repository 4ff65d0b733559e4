"""Makes the pictures in docs/ anew from the program itself: terminal.svg, dashboard.svg, report.png and playground.png.

usage: python docs/pictures.py [terminal] [dashboard] [report] [playground]      all four unless named
       python docs/pictures.py record OUT.svg -- COMMAND ...        any command, to try the recorder
needs: a POSIX system; cargo build --release -p trainer; for the report Chromium, or a browser named by CHROMIUM; for the
       playground also Node and crates/playground/build.sh

Runs take place in a temporary folder. A terminal is emulated with Python's standard library: it knows the escape
sequences that indicatif and ratatui write, and no more. Nothing is downloaded.
"""

import fcntl
import html
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TRAINER = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/trainer"
AMES = "ames.csv.gz"  # Copied beside the run, so that no picture shows a folder of this machine.

COLUMNS, CELL_WIDTH, CELL_HEIGHT = 100, 8, 17
FOREGROUND, BACKGROUND = "#c5c5c5", "#1c1c1c"
# Black, red, green, yellow, blue, magenta, cyan, white; then the bright ones.
PALETTE = [
    "#1c1c1c", "#ff005b", "#cee318", "#ffe755", "#048ac7", "#833c9f", "#0ac1cd", "#e5e5e5",
    "#666666", "#ff4d8c", "#dff06a", "#fff08f", "#4fb4e3", "#b078c9", "#5fdde5", "#ffffff",
]
# Longer than any run here; a program that is still at work after it is ended.
LONGEST_SECONDS = 120
# A dashboard that has not drawn for so long waits for a key.
IDLE_SECONDS = 5

PLAIN = (None, None, False, False)  # Foreground, background, bold, reversed.
BLANK = (" ", PLAIN)
# A control sequence, an operating system command, another escape, or a control character.
ESCAPES = re.compile(
    r"\x1b\[([?>=]?)([0-9;:]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][A-Za-z0-9]|\x1b([^\[\]()])|([\x00-\x1f])"
)
# The beginning of an escape sequence whose end is not there yet.
UNFINISHED = re.compile(r"\x1b(?:\[[?>=]?[0-9;:]*[ -/]*|\][^\x07\x1b]*\x1b?|[()])?\Z")


def color(number):
    """One of the 256 colors of a terminal."""
    if number < 16:
        return PALETTE[number]
    if number < 232:
        levels = [0, 95, 135, 175, 215, 255]
        number -= 16
        red, green, blue = levels[number // 36], levels[number // 6 % 6], levels[number % 6]
        return f"#{red:02x}{green:02x}{blue:02x}"
    gray = 8 + 10 * (number - 232)
    return f"#{gray:02x}{gray:02x}{gray:02x}"


class Screen:
    """What a terminal shows."""

    def __init__(self, rows, columns=COLUMNS):
        self.rows, self.columns = rows, columns
        self.clear()
        self.row = self.column = 0
        self.saved = (0, 0)
        self.style = PLAIN
        self.alternate = False
        self.main = None
        self.rest = ""
        # The last complete picture of the alternate screen, in which a dashboard draws.
        self.dashboard = None

    def clear(self):
        self.cells = [[BLANK] * self.columns for _ in range(self.rows)]

    def feed(self, text):
        """Writes text to the screen; returns what the terminal answers."""
        text, self.rest = self.rest + text, ""
        if unfinished := UNFINISHED.search(text):
            text, self.rest = text[: unfinished.start()], text[unfinished.start() :]
        answer, at = "", 0
        for escape in ESCAPES.finditer(text):
            self.write(text[at : escape.start()])
            at = escape.end()
            private, numbers, final, other, control = escape.groups()
            if control:
                self.control(control)
            elif final:
                answer += self.sequence(private, numbers, final)
            elif other == "7":
                self.saved = (self.row, self.column)
            elif other == "8":
                self.row, self.column = self.saved
        self.write(text[at:])
        return answer

    def write(self, text):
        for character in text:
            if self.column >= self.columns:
                self.column = 0
                self.line_feed()
            self.cells[self.row][self.column] = (character, self.style)
            self.column += 1

    def line_feed(self):
        if self.row + 1 < self.rows:
            self.row += 1
        else:
            self.cells = self.cells[1:] + [[BLANK] * self.columns]

    def control(self, character):
        if character == "\n":
            self.line_feed()
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(self.column - 1, 0)
        elif character == "\t":
            self.column = min((self.column // 8 + 1) * 8, self.columns - 1)

    def sequence(self, private, numbers, final):
        values = [int(number) if number else 0 for number in re.split("[;:]", numbers)]
        first = values[0]
        count = max(first, 1)
        if private:
            if first in (47, 1047, 1049) and final in "hl":
                self.switch(final == "h")
            return ""
        if final == "A":
            self.row = max(self.row - count, 0)
        elif final == "B":
            self.row = min(self.row + count, self.rows - 1)
        elif final == "C":
            self.column = min(self.column + count, self.columns - 1)
        elif final == "D":
            self.column = max(self.column - count, 0)
        elif final == "E":
            self.row, self.column = min(self.row + count, self.rows - 1), 0
        elif final == "F":
            self.row, self.column = max(self.row - count, 0), 0
        elif final == "G":
            self.column = min(count, self.columns) - 1
        elif final == "d":
            self.row = min(count, self.rows) - 1
        elif final in "Hf":
            column = values[1] if len(values) > 1 else 1
            self.row = min(count, self.rows) - 1
            self.column = min(max(column, 1), self.columns) - 1
        elif final == "J":
            self.erase_screen(first)
        elif final == "K":
            self.erase_line(first)
        elif final == "s":
            self.saved = (self.row, self.column)
        elif final == "u":
            self.row, self.column = self.saved
        elif final == "m":
            self.set_style(values)
        elif final == "n" and first == 6:
            return f"\x1b[{self.row + 1};{self.column + 1}R"
        return ""

    def switch(self, alternate):
        if alternate and not self.alternate:
            self.main = (self.cells, self.row, self.column)
            self.clear()
        elif self.alternate and not alternate:
            self.cells, self.row, self.column = self.main
        self.alternate = alternate

    def erase_line(self, part):
        start = 0 if part else self.column
        end = self.column + 1 if part == 1 else self.columns
        self.cells[self.row][start:end] = [BLANK] * (min(end, self.columns) - min(start, self.columns))

    def erase_screen(self, part):
        if part in (2, 3):
            self.clear()
            return
        self.erase_line(part)
        lines = range(self.row) if part == 1 else range(self.row + 1, self.rows)
        for line in lines:
            self.cells[line] = [BLANK] * self.columns

    def set_style(self, values):
        foreground, background, bold, reversed_ = self.style
        values = list(values)
        while values:
            value = values.pop(0)
            if value == 0:
                foreground, background, bold, reversed_ = PLAIN
            elif value in (1, 22):
                bold = value == 1
            elif value in (7, 27):
                reversed_ = value == 7
            elif 30 <= value <= 37:
                foreground = PALETTE[value - 30]
            elif 90 <= value <= 97:
                foreground = PALETTE[value - 82]
            elif 40 <= value <= 47:
                background = PALETTE[value - 40]
            elif 100 <= value <= 107:
                background = PALETTE[value - 92]
            elif value == 39:
                foreground = None
            elif value == 49:
                background = None
            elif value in (38, 48, 58) and values:
                kind = values.pop(0)
                if kind == 5 and values:
                    chosen = color(values.pop(0) % 256)
                elif kind == 2 and len(values) >= 3:
                    chosen = "#{:02x}{:02x}{:02x}".format(*(number % 256 for number in values[:3]))
                    del values[:3]
                else:
                    continue
                if value == 38:
                    foreground = chosen
                elif value == 48:
                    background = chosen
        self.style = (foreground, background, bold, reversed_)

    def lines(self):
        """The cells, without empty lines at the end."""
        lines = [list(line) for line in self.cells]
        while lines and all(cell == BLANK for cell in lines[-1]):
            lines.pop()
        return lines


def record(command, folder, rows, keys_when_idle=None):
    """Runs a command in a terminal, and returns the screen at its end."""
    environment = os.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": str(COLUMNS), "LINES": str(rows)}
    # As under `cargo run`, so that the commands to try next are shown as such.
    environment |= {"CARGO_MANIFEST_DIR": str(ROOT / "crates/trainer")}
    environment.pop("NO_COLOR", None)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        # The size is set before the program starts, since it asks for it at once.
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, COLUMNS, 0, 0))
        try:
            os.execvpe(command[0], command, environment)
        except OSError as error:
            print(f"{command[0]}: {error}")
        os._exit(127)
    screen = Screen(rows)
    started = drawn = time.monotonic()
    fine = {0}
    undecoded = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        now = time.monotonic()
        if now - started > LONGEST_SECONDS:
            os.kill(child, signal.SIGKILL)
            break
        if not ready:
            if screen.alternate:
                screen.dashboard = screen.lines()
            if keys_when_idle and screen.alternate and now - drawn > IDLE_SECONDS:
                os.write(terminal, keys_when_idle)
                fine.add(130)  # Stopped by a key.
                drawn = now
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux reports the end of the program so.
            break
        if not data:
            break
        drawn = now
        undecoded += data
        text, undecoded = decoded(undecoded)
        # What is shown last before the screen is given back is the picture of a dashboard.
        for part in re.split(r"(?=\x1b\[\?1049l)", text):
            if part.startswith("\x1b[?1049l") and screen.alternate:
                screen.dashboard = screen.lines()
            if answer := screen.feed(part):
                os.write(terminal, answer.encode())
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in fine:
        shown = "\n".join("".join(character for character, _ in line).rstrip() for line in screen.lines())
        sys.exit(f"{' '.join(map(str, command))}: exit code {code}\n{shown}")
    return screen


def decoded(data):
    """Text, and the bytes of a character that is not complete."""
    for cut in range(4):
        try:
            end = len(data) - cut
            return data[:end].decode(), data[end:]
        except UnicodeDecodeError:
            continue
    return data.decode(errors="replace"), b""


def colors(style):
    foreground, background, bold, reversed_ = style
    if reversed_:
        foreground, background = background or BACKGROUND, foreground or FOREGROUND
    return foreground or FOREGROUND, background, bold


def svg(lines):
    """Lines of cells as a picture."""
    width, height = COLUMNS * CELL_WIDTH, max(len(lines), 1) * CELL_HEIGHT
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        "<style>text { font: 14px 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre; }</style>",
        f'<rect width="{width}" height="{height}" fill="{BACKGROUND}"/>',
    ]
    for number, line in enumerate(lines):
        start = 0
        while start < len(line):
            style = line[start][1]
            end = start
            while end < len(line) and line[end][1] == style:
                end += 1
            text = "".join(character for character, _ in line[start:end])
            foreground, background, bold = colors(style)
            x, y, length = start * CELL_WIDTH, number * CELL_HEIGHT, (end - start) * CELL_WIDTH
            if background:
                out.append(f'<rect x="{x}" y="{y}" width="{length}" height="{CELL_HEIGHT}" fill="{background}"/>')
            if text.strip():
                left = len(text) - len(text.lstrip())
                shown = text.strip()
                weight = ' font-weight="bold"' if bold else ""
                out.append(
                    f'<text x="{x + left * CELL_WIDTH}" y="{y + 13}" textLength="{len(shown) * CELL_WIDTH}" '
                    f'fill="{foreground}"{weight}>{html.escape(shown)}</text>'
                )
            start = end
    return "\n".join(out) + "\n</svg>\n"


def prompt(command):
    """A line with a command as it is typed."""
    text = f"$ {command}"[:COLUMNS]
    return [(character, PLAIN) for character in text] + [BLANK] * (COLUMNS - len(text))


def terminal_picture(folder):
    screen = record([str(TRAINER)], folder, rows=200)
    write("terminal.svg", svg([prompt("cargo run -p trainer"), *screen.lines()]))


def dashboard_picture(folder):
    shutil.copyfile(ROOT / "crates/trainer/data/ames.csv.gz", folder / AMES)
    command = [str(TRAINER), "train", AMES, "--target", "Sale_Price", "--dashboard", "--out", "ames.safetensors"]
    screen = record(command, folder, rows=30, keys_when_idle=b"q")
    if not screen.dashboard:
        sys.exit("no dashboard was shown")
    write("dashboard.svg", svg(screen.dashboard))


def report_picture(folder):
    shutil.copyfile(ROOT / "crates/trainer/data/ames.csv.gz", folder / AMES)
    browser = chromium()
    if not browser:
        sys.exit("no Chromium for the picture of the report; CHROMIUM=/path/to/browser names one")
    subprocess.run(
        [TRAINER, "train", AMES, "--target", "Sale_Price", "--report", "report.html", "--out", "ames.safetensors"],
        cwd=folder, check=True, stdout=subprocess.DEVNULL,
    )
    picture = folder / "report.png"
    subprocess.run(
        [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--force-device-scale-factor=1",
            f"--user-data-dir={folder / 'profile'}", "--window-size=880,1248", f"--screenshot={picture}",
            (folder / "report.html").as_uri(),
        ],
        cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120,
    )
    if not picture.is_file():
        sys.exit(f"{browser} made no picture of the report")
    shutil.copyfile(picture, DOCS / "report.png")
    print("wrote docs/report.png")


def playground_picture(_folder):
    web = ROOT / "crates/playground/web"
    if not (web / "pkg/playground_bg.wasm").is_file():
        sys.exit("the page is not built: crates/playground/build.sh")
    subprocess.run(
        ["node", web / "tests/picture.mjs", DOCS / "playground.png"],
        env=os.environ | {"PLAYGROUND_PKG": str(web / "pkg")}, check=True, timeout=LONGEST_SECONDS,
    )
    print("wrote docs/playground.png")


def chromium():
    if program := os.environ.get("CHROMIUM"):
        return program
    return next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)


def write(name, text):
    (DOCS / name).write_text(text, encoding="utf-8")
    print(f"wrote docs/{name}")


PICTURES = {"terminal": terminal_picture, "dashboard": dashboard_picture, "report": report_picture, "playground": playground_picture}


def main():
    if sys.argv[1:2] == ["record"] and sys.argv[3:4] == ["--"]:
        with tempfile.TemporaryDirectory() as folder:
            screen = record(sys.argv[4:], folder, rows=30, keys_when_idle=b"q")
            Path(sys.argv[2]).write_text(svg(screen.dashboard or screen.lines()), encoding="utf-8")
        return
    names = sys.argv[1:] or list(PICTURES)
    if unknown := [name for name in names if name not in PICTURES]:
        sys.exit(f"no picture {unknown[0]}; there are {', '.join(PICTURES)}")
    if names != ["playground"] and not TRAINER.is_file():
        sys.exit(f"{TRAINER} is not there: cargo build --release -p trainer")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            PICTURES[name](Path(folder))


if __name__ == "__main__":
    main()
