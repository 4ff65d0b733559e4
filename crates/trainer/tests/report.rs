//! The report as a browser shows it.
//!
//! The browser is Debian's `chromium`, or what `CHROMIUM` names; without one, only what can be read off
//! the file is checked. `BACKBURN_SCREENSHOTS` names a folder to keep the pictures in.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use crate::common::{Folder, QUICK, flowers, houses, skipped};
use serde_json::Value;

fn chromium() -> Option<PathBuf> {
    if let Some(program) = env::var_os("CHROMIUM") {
        return Some(program.into());
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    env::split_paths(&folders)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

fn browser(program: &Path, options: &[&str], page: &Path) -> (String, String) {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args([
            "--allow-file-access-from-files",
            "--hide-scrollbars",
            "--enable-logging=stderr",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(options)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Loads a report in a frame of each width, and returns what it measured.
fn looked_at(program: &Path, folder: &Folder, report: &str) -> Vec<Value> {
    [1280, 390]
        .into_iter()
        .map(|width| {
            let frame = format!(
                r#"<!DOCTYPE html><style>body{{margin:0}}iframe{{width:{width}px;height:900px;border:0}}</style>
                <iframe id="f" src="{report}"></iframe><script>
                f.onload = () => {{
                    const d = f.contentDocument;
                    const figures = [...d.querySelectorAll('[data-figure]')];
                    const drawn = n => [...n.querySelectorAll('svg')].every(s => {{
                        const box = s.getBoundingClientRect();
                        return box.width > 50 && box.height > 50 && s.querySelectorAll('*').length > 5;
                    }});
                    const pre = document.createElement('pre');
                    pre.id = 'measured';
                    pre.textContent = JSON.stringify({{
                        width: {width},
                        content: d.documentElement.scrollWidth,
                        figures: figures.map(n => n.dataset.figure),
                        undrawn: figures.filter(n => !drawn(n)).map(n => n.dataset.figure),
                        scripts: d.scripts.length,
                        outside: d.querySelectorAll("[src], link, [href]:not([href^='#'])").length,
                        links: [...d.querySelectorAll('a')].filter(a => !d.querySelector(a.hash)).length,
                        wide: [...d.querySelectorAll('table')].filter(t => {{
                            const box = t.closest('.wide');
                            return !box || !['auto', 'scroll'].includes(getComputedStyle(box).overflowX)
                                || box.getBoundingClientRect().right > {width};
                        }}).length,
                        mute: [...d.querySelectorAll('.wide')].filter(t => t.tabIndex !== 0 || !t.ariaLabel).length,
                        outside_main: [...d.querySelectorAll('h2, figure')].filter(n => !n.closest('main')).length,
                        collisions: [...d.querySelectorAll('figure svg')].flatMap(s => {{
                            const texts = [...s.querySelectorAll('text')].filter(t => t.textContent.trim());
                            const boxes = texts.map(t => t.getBoundingClientRect());
                            const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
                                && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 6;
                            return texts.filter((_, i) => boxes.some((box, j) => j < i && over(box, boxes[i])))
                                .map(t => t.textContent);
                        }}),
                        tiny: [...d.querySelectorAll('figure svg text')].filter(t => {{
                            const svg = t.ownerSVGElement;
                            const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
                            return parseFloat(getComputedStyle(t).fontSize) * scale < 12;
                        }}).length,
                        text: d.body.innerText,
                    }});
                    document.body.append(pre);
                }};
                </script>"#
            );
            folder.write("frame.html", frame);
            let page = folder.path("frame.html");
            let (dom, log) = browser(program, &["--dump-dom", "--virtual-time-budget=5000"], &page);
            let console = log.lines().filter(|line| line.contains("CONSOLE"));
            assert_eq!(console.collect::<Vec<_>>(), Vec::<&str>::new(), "{report}");
            let measured = dom.split("<pre id=\"measured\">").nth(1).unwrap_or_else(|| {
                panic!("{report} did not load: {dom} {log}");
            });
            let json = measured.split("</pre>").next().unwrap();
            let json = json.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            if let Some(pictures) = env::var_os("BACKBURN_SCREENSHOTS") {
                let picture = Path::new(&pictures).join(format!("{report}-{width}.png"));
                let picture = format!("--screenshot={}", picture.display());
                let size = format!("--window-size={width},4000");
                let tall = fs::read_to_string(&page).unwrap().replace("900px", "4000px");
                folder.write("frame.html", tall);
                browser(program, &[&picture, &size], &page);
            }
            serde_json::from_str(&json).unwrap()
        })
        .collect()
}

/// The number of pages of a printed report.
fn pages(program: &Path, folder: &Folder, report: &str) -> usize {
    let pdf = folder.path("printed.pdf");
    let option = format!("--print-to-pdf={}", pdf.display());
    browser(program, &[&option], &folder.path(report));
    let bytes = fs::read(pdf).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    // Objects of the type Pages are the folders of pages.
    text.matches("/Type /Page").count() - text.matches("/Type /Pages").count()
}

/// Checks a report, and returns the text that it shows.
fn check(folder: &Folder, report: &str, figures: &[&str]) -> String {
    let html = String::from_utf8(folder.read(report)).unwrap();
    for figure in figures {
        assert!(
            html.contains(&format!("data-figure=\"{figure}\"")),
            "{report} has no {figure}"
        );
    }
    assert!(
        !html.contains("http://")
            || html.matches("http://").count() == html.matches("http://www.w3.org/").count()
    );
    let Some(program) = chromium() else {
        skipped(&format!("no chromium: {report} was not looked at"));
        return html;
    };
    let mut text = String::new();
    for measured in looked_at(&program, folder, report) {
        let width = measured["width"].as_u64().unwrap();
        assert!(
            measured["content"].as_u64().unwrap() <= width,
            "{report} scrolls sideways: {measured:#}"
        );
        assert_eq!(
            measured["undrawn"],
            serde_json::json!([]),
            "{report} at {width}"
        );
        assert_eq!(
            (
                &measured["scripts"],
                &measured["outside"],
                &measured["links"]
            ),
            (&0.into(), &0.into(), &0.into()),
            "{report}"
        );
        assert_eq!(measured["tiny"], 0, "{report} at {width}");
        assert_eq!(measured["wide"], 0, "{report} at {width}: tables are cut");
        assert_eq!(
            (&measured["mute"], &measured["outside_main"]),
            (&0.into(), &0.into()),
            "{report}"
        );
        assert_eq!(
            measured["collisions"],
            serde_json::json!([]),
            "{report} at {width}: texts overlap"
        );
        text = measured["text"].as_str().unwrap().to_string();
    }
    text
}

const REGRESSION: [&str; 17] = [
    "distribution",
    "backpropagation",
    "row-loss",
    "chain-rule",
    "row-updates",
    "loss",
    "score",
    "gradients",
    "updates",
    "learning-curve",
    "loss-surface",
    "predicted",
    "residuals",
    "worst",
    "importance",
    "dependence",
    "row",
];
const CLASSIFICATION: [&str; 20] = [
    "distribution",
    "backpropagation",
    "row-loss",
    "chain-rule",
    "row-updates",
    "classes",
    "precision-recall",
    "lift",
    "loss",
    "score",
    "gradients",
    "updates",
    "learning-curve",
    "loss-surface",
    "confusion",
    "roc",
    "reliability",
    "worst",
    "importance",
    "row",
];

#[test]
fn both_examples_write_reports_that_are_whole() {
    let folder = Folder::new();
    folder.done("example house-prices --report house-prices.html");
    folder.done("example penguins --report penguins.html");
    let houses = check(&folder, "house-prices.html", &REGRESSION);
    for words in [
        "Sale_Price",
        "found no problem",
        "trainer example",
        "hidden = [",
    ] {
        assert!(houses.contains(words), "no {words} in {houses}");
    }
    let penguins = check(&folder, "penguins.html", &CLASSIFICATION);
    for words in [
        "Gentoo",
        "probability of the true class",
        "each row is one case for each class",
    ] {
        assert!(penguins.contains(words), "no {words} in {penguins}");
    }
    // Again: a report may be replaced, and nothing else may.
    folder.done("example penguins --set training.epochs=2");
    folder.write("penguins.html", "<p>mine</p>");
    let answer = folder.done("example penguins --set training.epochs=2");
    assert!(answer.stdout.contains("no report"), "{}", answer.stdout);
    assert_eq!(folder.read("penguins.html"), b"<p>mine</p>");
}

#[test]
fn the_loss_surface_is_of_plain_networks() {
    let folder = Folder::new();
    folder.write("t.csv", houses(120));
    folder.done(&format!(
        "train t.csv --target price --out m.safetensors {QUICK}"
    ));
    let surface = |report: &str| {
        folder.done(&format!("report m.safetensors t.csv --out {report}"));
        let html = String::from_utf8(folder.read(report)).unwrap();
        let figure = html.split("data-figure=\"loss-surface\"").nth(1).unwrap();
        figure.split("</figure>").next().unwrap().to_string()
    };
    let first = surface("a.html");
    assert_eq!(first, surface("b.html"));
    assert_eq!(first.matches("<path").count(), 9);
    for (setting, reason) in [
        (
            "network.normalization=batch",
            "the network is not a plain one",
        ),
        ("network.hidden=[]", "without hidden layers"),
    ] {
        folder.done(&format!(
            "train t.csv --target price --out m.safetensors {QUICK} --set {setting} --report r.html"
        ));
        let html = String::from_utf8(folder.read("r.html")).unwrap();
        assert!(!html.contains("loss-surface"), "{setting}");
        let words = format!("The loss surface is not drawn: {reason}");
        assert!(html.contains(&words), "{setting}");
    }
}

#[test]
fn the_report_of_each_example_table_has_every_section() {
    let folder = Folder::new();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data");
    for table in ["wheat_seeds.csv", "xor.csv"] {
        folder.write(table, fs::read(data.join(table)).unwrap());
    }
    let small = "--preset fast --set network.hidden=[4] --set training.epochs=20";
    for (table, target, options) in [
        ("wheat_seeds.csv", "variety", ""),
        ("xor.csv", "xor", small),
        ("wheat_seeds.csv", "area", small),
    ] {
        folder.done(&format!(
            "train {table} --target {target} --out m.safetensors --report r.html {options}"
        ));
        let figures: &[&str] = match target {
            "variety" => &CLASSIFICATION,
            "area" => &REGRESSION,
            _ => &["loss"],
        };
        let text = check(&folder, "r.html", figures);
        assert!(folder.read("r.html").len() < 1_000_000, "{table}");
        if target == "variety" {
            let html = String::from_utf8(folder.read("r.html")).unwrap();
            assert!(html.contains("AUC ") && html.contains("AP "), "{html}");
            assert!(html.contains("for the network whose curves are shown (one of 8)"));
            // The predictions that the validation score is of.
            assert!(
                html.contains("210 rows, each predicted by networks that were not trained on it")
            );
        }
        if let Some(program) = chromium() {
            assert!(text.contains("Train again"), "{text}");
            let pages = pages(&program, &folder, "r.html");
            assert!((1..6).contains(&pages), "{table} {target}: {pages} pages");
        }
    }
}

#[test]
fn a_table_of_ones_own_gets_a_report() {
    let folder = Folder::new();
    folder
        .write("t.csv", houses(200))
        .write("test.csv", houses(40));
    folder.done(&format!(
        "train t.csv --target price --test test.csv --report r.html {QUICK}"
    ));
    let text = check(&folder, "r.html", &REGRESSION);
    assert!(
        text.contains("trainer train t.csv --target price"),
        "{text}"
    );
    // From the model, with and without its history.
    folder.done("explain t.safetensors test.csv --report e.html");
    let text = check(
        &folder,
        "e.html",
        &["loss", "gradients", "predicted", "importance", "row"],
    );
    assert!(text.contains("40 rows of test.csv"), "{text}");
    fs::remove_file(folder.path("t.history.jsonl")).unwrap();
    let answer = folder.done("explain t.safetensors test.csv --report e.html");
    assert!(
        answer.stdout.contains("shows no training"),
        "{}",
        answer.stdout
    );
    let text = check(&folder, "e.html", &["predicted", "importance", "row"]);
    assert!(text.contains("There is no history"), "{text}");
    // A place that cannot be is found out first.
    let long = "--set training.epochs=1000000000 --set training.patience=0";
    folder.refused(
        &format!("train t.csv --target price --report no/r.html {long}"),
        1,
        &["no/r.html"],
    );
    folder.refused(
        &format!("train t.csv --target price --report t.csv {long}"),
        2,
        &["--report is t.csv, which is read as a table"],
    );
    folder.write("notes.txt", "mine");
    folder.refused(
        &format!("train t.csv --target price --report notes.txt {long}"),
        1,
        &["not overwritten"],
    );
    folder.refused(
        &format!("train t.csv --target price --report - {long}"),
        2,
        &["--report -"],
    );
}

#[test]
fn reports_of_several_targets_and_of_updates_are_whole() {
    let folder = Folder::new();
    folder
        .write("t.csv", houses(200))
        .write("test.csv", houses(40));
    let line = "train t.csv --target price,street --test test.csv --report two.html";
    folder.done(&format!("{line} --out two.safetensors {QUICK}"));
    let figures = [
        "loss",
        "loss-surface",
        "predicted",
        "confusion",
        "reliability",
        "importance",
        "row",
    ];
    check(&folder, "two.html", &figures);
    let html = String::from_utf8(folder.read("two.html")).unwrap();
    for target in ["price", "street"] {
        let heading = format!("The target <code>{target}</code>");
        assert_eq!(html.matches(&heading).count(), 1, "{html}");
    }
    folder.done(&format!(
        "train t.csv --target price --remember replay --out old.safetensors {QUICK}"
    ));
    folder.done("train --from old.safetensors test.csv --out new.safetensors --report update.html");
    let text = check(
        &folder,
        "update.html",
        &[
            "loss",
            "score",
            "tasks",
            "predicted",
            "residuals",
            "importance",
        ],
    );
    assert!(text.contains("Mean forgetting: "), "{text}");
}

#[test]
fn the_row_there_and_back_has_the_target_of_the_table() {
    let folder = Folder::new();
    // Beyond all prices of training, and so beyond the bounds of predictions.
    let test = houses(10) + "120,north,1999-05-01,9999999.0\n";
    folder.write("t.csv", houses(200)).write("test.csv", test);
    folder.done(&format!(
        "train t.csv --target price --test test.csv --report r.html {QUICK}"
    ));
    let html = String::from_utf8(folder.read("r.html")).unwrap();
    let actual = "<td>actual</td><td>9,999,999</td>";
    assert!(html.contains(actual), "no {actual} in {html}");
}

#[test]
fn whatever_stands_in_a_table_is_text_in_the_report() {
    let folder = Folder::new();
    let evil = "<script>alert(1)</script>";
    let mut csv =
        format!("\"{evil}\",🏠 size,\"a\"\"><img src=x onerror=alert(2)>\",\"<b>kind</b>\"\n");
    for row in 0..120 {
        let kind = [
            "<i>plain</i>",
            "<script>console.error('kind')</script>",
            "😀",
        ][row % 3];
        csv += &format!(
            "{},{},\"<u>{}</u>\",{kind}\n",
            row % 3 * 10 + row % 7,
            row % 5,
            row % 4
        );
    }
    folder.write("<t>.csv", csv);
    let mut command = folder.command("train <t>.csv --report r.html --out m.safetensors");
    command
        .args(QUICK.split(' '))
        .args(["--target", "<b>kind</b>"]);
    let answer = crate::common::Answer::new(command.output().unwrap());
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let text = check(
        &folder,
        "r.html",
        &["loss", "confusion", "importance", "row"],
    );
    if chromium().is_some() {
        for words in [evil, "🏠 size", "<i>plain</i>", "<b>kind</b>"] {
            assert!(text.contains(words), "no {words} in {text}");
        }
    }
    let html = String::from_utf8(folder.read("r.html")).unwrap();
    for tag in ["<script", "<img", "<i>", "<u>"] {
        assert!(!html.contains(tag), "{tag}");
    }
}

#[test]
fn odd_tables_get_a_report_and_explanations() {
    let folder = Folder::new();
    let wide = |rows: usize, columns: usize| {
        let names: Vec<String> = (0..columns).map(|c| format!("c{c}")).collect();
        let mut csv = names.join(",") + ",constant,y\n";
        for row in 0..rows {
            for column in 0..columns {
                csv += &format!("{},", (row * 31 + column * 17 + row * column) % 101);
            }
            csv += &format!("7,{}.5\n", row % 50);
        }
        csv
    };
    // A thousand columns, a constant one among them.
    folder.write("wide.csv", wide(60, 1000));
    folder.done(&format!(
        "train wide.csv --target y --report r.html {QUICK}"
    ));
    check(
        &folder,
        "r.html",
        &["loss", "predicted", "importance", "row"],
    );
    // So few rows that none is set aside, and a test of a single one.
    folder
        .write("few.csv", wide(4, 2))
        .write("one.csv", wide(1, 2));
    folder.done(&format!(
        "train few.csv --target y --test one.csv --report r.html {QUICK}"
    ));
    let text = check(&folder, "r.html", &["loss", "score", "predicted", "row"]);
    assert!(text.contains("needs at least two rows"), "{text}");
    let answer = folder.done("explain few.safetensors one.csv");
    assert!(
        answer.stdout.contains("needs at least two rows"),
        "{}",
        answer.stdout
    );
    // Rows without the target, all the same.
    folder.write("same.csv", "c0,c1\n1,2\n1,2\n1,2\n");
    folder.done("explain few.safetensors same.csv --report r.html");
    let text = check(&folder, "r.html", &["importance", "row"]);
    assert!(text.contains("No row has both"), "{text}");
    // A test with rows of one class alone.
    folder
        .write("f.csv", flowers(80))
        .write("one.csv", "length,width,kind\n2.1,1,rose\n2.2,1,rose\n");
    folder.done(&format!(
        "train f.csv --target kind --test one.csv --report r.html {QUICK}"
    ));
    let text = check(&folder, "r.html", &["confusion", "roc", "reliability"]);
    assert!(text.contains("no values to draw"), "{text}");
    // A training that diverges in the end.
    let diverging = "--set training.learning_rate=50000 --set training.optimizer.name=sgd \
        --set training.schedule.name=constant --set network.activation=identity";
    folder.write("h.csv", houses(100));
    fs::remove_file(folder.path("r.html")).unwrap();
    let answer = folder.run(&format!(
        "train h.csv --target price --report r.html {diverging} --json"
    ));
    assert!(
        [0, 1].contains(&answer.code) && !answer.stderr.contains("panicked"),
        "{}",
        answer.stderr
    );
    assert!(
        answer.json()["findings"]
            .as_array()
            .is_some_and(|f| !f.is_empty())
    );
    let text = check(&folder, "r.html", &["loss"]);
    assert!(text.contains("infinite or NaN"), "{text}");
    folder.refused(
        "explain few.safetensors same.csv --row 4",
        2,
        &["--row 4", "3 data rows"],
    );
    folder.refused("explain f.safetensors few.csv", 1, &["no column"]);
}
