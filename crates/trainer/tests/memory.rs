//! Memory: what does not fit is refused before the work, with the figure, and what is allowed fits.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::{Answer, Folder, QUICK, houses};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

const MEGABYTE: u64 = 1_000_000;

/// Runs a command with this much address space, in bytes.
fn limited(folder: &Folder, bytes: u64, line: &str) -> Answer {
    let program = env!("CARGO_BIN_EXE_trainer");
    let script = format!("ulimit -v {}; exec {program} {line}", bytes / 1024);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script]).current_dir(folder.path("."));
    Answer::new(command.output().unwrap())
}

/// Runs a command with this much address space beside the program itself, which is mapped, on a machine with two cores.
/// With more cores there are more threads, which have address space of their own.
fn limited_beside_program(folder: &Folder, bytes: u64, line: &str) -> Answer {
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_trainer")).unwrap();
    let further = threads_of(cores().saturating_sub(2));
    limited(folder, program.len() + bytes + further, line)
}

fn cores() -> u64 {
    std::thread::available_parallelism().unwrap().get() as u64
}

/// The address space of so many threads: each has a stack, and the allocator reserves a part for it.
fn threads_of(count: u64) -> u64 {
    count * (66 << 20)
}

/// A house table with rows that cannot be parsed.
fn bad_rows(good: usize, bad: usize) -> Vec<u8> {
    let mut csv = GzEncoder::new(Vec::new(), Compression::best());
    let mut lines = houses(good);
    csv.write_all(lines.as_bytes()).unwrap();
    lines = "x\n".repeat(10_000);
    for _ in 0..bad / 10_000 {
        csv.write_all(lines.as_bytes()).unwrap();
    }
    csv.write_all(b"70,north,1990-01-01,1\n").unwrap();
    csv.finish().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn skipped_rows_take_no_memory() {
    let folder = Folder::new();
    folder.write("t.csv", houses(100));
    folder.done(&format!("train t.csv --target price {QUICK}"));
    folder.write("bad.csv.gz", bad_rows(3, 5_000_000));
    let line = "predict t.safetensors bad.csv.gz --on-error skip";
    let answer = limited_beside_program(&folder, 300 * MEGABYTE, line);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(
        answer.stderr.contains("5,000,000 rows skipped"),
        "{}",
        answer.stderr
    );
    let rows: Vec<&str> = answer.stdout.lines().skip(1).collect();
    let numbers: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.split(',').next())
        .collect();
    assert_eq!(numbers, ["1", "2", "3", "5000004"]);
}

/// A table of houses with columns that the model does not use: each is one page of 100 MB.
fn with_unused_columns(folder: &Folder, name: &str, unused: usize) {
    const ROWS: usize = 2_000;
    let numbers: ArrayRef = Arc::new(Float64Array::from_iter_values(
        (0..ROWS).map(|row| 50.0 + (row % 100) as f64),
    ));
    let streets: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..ROWS).map(|row| ["north", "south"][row % 2]),
    ));
    let dates: ArrayRef = Arc::new(StringArray::from(vec!["1990-01-01"; ROWS]));
    let text = "x".repeat(50_000);
    let texts: ArrayRef = Arc::new(StringArray::from(vec![text.as_str(); ROWS]));
    let mut columns = vec![
        ("size".to_string(), numbers),
        ("street".to_string(), streets),
        ("built".to_string(), dates),
    ];
    columns.extend((0..unused).map(|n| (format!("unused {n}"), texts.clone())));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_compression(parquet::basic::Compression::ZSTD(Default::default()))
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_data_page_size_limit(1 << 30)
        .build();
    let file = File::create(folder.path(name)).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn columns_that_a_model_does_not_need_take_no_memory() {
    let folder = Folder::new();
    folder.write("t.csv", houses(100));
    folder.done(&format!("train t.csv --target price {QUICK}"));
    with_unused_columns(&folder, "t.parquet", 8);
    let size = std::fs::metadata(folder.path("t.parquet")).unwrap().len();
    assert!(size < MEGABYTE, "{size}");
    let answer = limited_beside_program(&folder, 300 * MEGABYTE, "predict t.safetensors t.parquet");
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert_eq!(answer.stdout.lines().count(), 1 + 2_000);
    // Those that are kept are read, and that is too much.
    let line = "predict t.safetensors t.parquet --keep-all --out p.parquet";
    let answer = limited_beside_program(&folder, 300 * MEGABYTE, line);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    assert!(
        answer.stderr.contains("of memory are free"),
        "{}",
        answer.stderr
    );
    let train =
        format!("train t.parquet --target size --features street --out m.safetensors {QUICK}");
    // The work takes memory of its own, and both together less than the 800 MB of those columns.
    for line in [train.as_str(), "evaluate t.safetensors t.parquet"] {
        let answer = limited_beside_program(&folder, 400 * MEGABYTE, &format!("{line} --json"));
        let has_no_price = answer.stderr.contains("no column `price`");
        assert!(
            answer.code == 0 || has_no_price,
            "{line}: {}",
            answer.stderr
        );
    }
}

#[test]
fn a_header_of_equal_names_takes_linear_time() {
    let folder = Folder::new();
    folder.write("t.csv", houses(100));
    folder.done(&format!("train t.csv --target price {QUICK}"));
    let line = |cell: &str| vec![cell; 100_000].join(",");
    folder.write("equal.csv", format!("{},y\n{},2\n", line("a"), line("1")));
    let names: Vec<String> = (0..100_000).map(|n| format!("a{}", n / 2)).collect();
    folder.write("twice.csv", format!("{}\n{}\n", names.join(","), line("1")));
    for file in ["equal.csv", "twice.csv"] {
        let started = Instant::now();
        folder.refused(
            &format!("predict t.safetensors {file}"),
            1,
            &["has no column `size`"],
        );
        let taken = started.elapsed();
        assert!(taken < Duration::from_secs(20), "{file}: {taken:?}");
    }
    // All columns are used.
    let names: Vec<String> = (0..40_000).map(|n| format!("a{n}")).collect();
    let cells = |row: usize| format!(",{},{}", row * row % 7, row % 3).repeat(20_000);
    let rows = (1..7).map(|row| format!("{}{}\n", row * row, cells(row)));
    let rows: String = rows.collect();
    folder.write("wide.csv", format!("y,{}\n{rows}", names.join(",")));
    let settings = "--set ensemble.members=1 --set training.epochs=1 --set network.hidden=[2]";
    let train = format!("train wide.csv --target y --task regression {settings}");
    for line in [train.as_str(), "evaluate wide.safetensors wide.csv"] {
        let started = Instant::now();
        folder.done(line);
        let taken = started.elapsed();
        assert!(taken < Duration::from_secs(60), "{line}: {taken:?}");
    }
    // Names that are too long are not compared.
    folder.write("long.csv", format!("{}\n1\n", "n".repeat(2_000_000)));
    folder.refused("train long.csv --target size", 1, &["has no column `size`"]);
    folder.write("huge.csv", "n".repeat(20_000_000));
    folder.refused("train huge.csv --target size", 1, &["more than 16 MB"]);
}

#[test]
#[cfg(target_os = "linux")]
fn thousands_of_classes_take_memory_for_their_number() {
    const CLASSES: usize = 3_000;
    let folder = Folder::new();
    let rows = (0..2 * CLASSES).map(|row| {
        let class = row % CLASSES;
        format!("{},{},c{class}\n", class % 61, class / 61)
    });
    folder.write("t.csv", format!("a,b,y\n{}", rows.collect::<String>()));
    let line = "train t.csv --target y --preset fast --out m.safetensors --set training.epochs=1 \
                --set network.hidden=[8] --set data.validation_fraction=0.1";
    folder.done(line);
    let enough = 1_000 * MEGABYTE + threads_of(cores().saturating_sub(2));
    let answer = limited(&folder, enough, "evaluate m.safetensors t.csv --json");
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    let json = answer.json();
    let confusion = &json["confusion"];
    assert_eq!(confusion["classes"], CLASSES);
    let cells = confusion["cells"].as_array().unwrap();
    let counted: u64 = cells.iter().map(|cell| cell[2].as_u64().unwrap()).sum();
    assert_eq!(counted, 2 * CLASSES as u64);
    let length = answer.stdout.lines().last().unwrap().len();
    assert!(length < 1_000_000, "{length}");
    // A file of predictions has a column for each class.
    check(&folder, "predict m.safetensors t.csv --out p.parquet");
}

#[test]
#[cfg(target_os = "linux")]
fn test_rows_that_cannot_be_scored_are_refused_before_training() {
    const CLASSES: usize = 1_000;
    let folder = Folder::new();
    let table = |rows: usize| {
        let rows = (0..rows).map(|row| row % CLASSES);
        let rows = rows.map(|class| format!("{},{},c{class}\n", class % 61, class / 61));
        format!("a,b,y\n{}", rows.collect::<String>())
    };
    folder.write("t.csv", table(2 * CLASSES));
    folder.write("test.csv", table(100 * CLASSES));
    let line = "train t.csv --target y --preset fast --out m.safetensors --set training.epochs=1 \
                --set network.hidden=[8] --test test.csv";
    let answer = limited_beside_program(&folder, 700 * MEGABYTE, line);
    assert_eq!(answer.code, 1, "{}", answer.stderr);
    // 100,000 rows have a probability of 8 bytes for each class.
    assert!(figures(&answer).unwrap()[0] > 800 * MEGABYTE);
    assert!(
        answer.stderr.contains("test.csv: scoring the model on it"),
        "{}",
        answer.stderr
    );
    assert!(!answer.stderr.contains("epoch"), "{}", answer.stderr);
    assert!(!folder.path("m.safetensors").exists());
}

/// Two numbers of a message about memory: what is needed and what is free, in bytes.
fn figures(answer: &Answer) -> Option<[u64; 2]> {
    let bytes = |text: &str| {
        let mut words = text.split_whitespace();
        let number: f64 = words.next()?.parse().ok()?;
        let unit = match words.next()?.trim_end_matches([',', ':']) {
            "GB" => 1e9,
            "MB" => 1e6,
            _ => return None,
        };
        Some((number * unit) as u64)
    };
    let (before, after) = answer.stderr.split_once(", and ")?;
    let needed = before.rsplit_once(" takes ")?.1;
    let needed = needed
        .trim_start_matches("about ")
        .trim_start_matches("at least ");
    after.contains("of memory are free").then_some(())?;
    Some([bytes(needed)?, bytes(after)?])
}

/// Runs a command with more and more memory until it succeeds. Each time it must succeed or be refused with its
/// figures; and it must succeed with the last figure and a fifth more.
fn check(folder: &Folder, line: &str) {
    let start = (40..400).step_by(10).map(|megabytes| megabytes * MEGABYTE);
    let enough = |bytes: &u64| limited(folder, *bytes, "config").code == 0;
    let mut limit = start.clone().find(enough).unwrap() + 24 * MEGABYTE;
    let mut refused = None;
    loop {
        let answer = limited(folder, limit, line);
        if answer.code == 0 {
            break;
        }
        let figures = figures(&answer);
        let [needed, free] = figures.unwrap_or_else(|| {
            panic!(
                "{line} with {limit} bytes: {}, {}",
                answer.code, answer.stderr
            )
        });
        assert_eq!(answer.code, 1, "{line}");
        assert!(free <= needed, "{line}: {}", answer.stderr);
        refused = Some((limit, needed, free));
        limit += limit / 6;
    }
    let Some((limit, needed, free)) = refused else {
        return;
    };
    let enough = limit - free + needed * 6 / 5 + threads_of(cores() + 2);
    let answer = limited(folder, enough, line);
    assert_eq!(
        answer.code, 0,
        "{line} with {enough} bytes: {}",
        answer.stderr
    );
}

/// A table of so many numeric columns with a target: a number, or one of so many classes.
fn table(rows: usize, inputs: usize, classes: usize) -> String {
    let mut csv: String = (0..inputs).map(|n| format!("n{n},")).collect();
    csv += "y\n";
    for row in 0..rows {
        for input in 0..inputs {
            let number = (row * 7919 + input * 104_729 + row * row % 101 * input) % 9973;
            csv += &format!("{}.{},", number / 100, number % 100);
        }
        match classes {
            0 => csv += &format!("{}.5\n", row * 31 % 977),
            classes => csv += &format!("c{}\n", row % classes),
        }
    }
    csv
}

const COMMANDS: [&str; 8] = [
    "train t.csv --target y --preset fast --out m.safetensors",
    "train t.csv --target y --preset fast --out k.safetensors --test t.csv",
    "train t.csv --target y --preset fast --out k.safetensors --folds 2 --out-of-fold o.csv",
    "train t.csv --target y --out n.safetensors --set ensemble.members=2",
    "find-lr t.csv --target y",
    "gradcheck t.csv --target y --elements 1",
    "compare t.csv --target y --only linear --folds 2",
    "compare t.csv --target y --only boosting --folds 2",
];

/// Checks all commands on a table.
fn check_commands(rows: usize, inputs: usize, classes: usize, settings: &str) {
    let folder = Folder::new();
    folder.write("t.csv", table(rows, inputs, classes));
    for command in COMMANDS {
        let line = match command.starts_with("compare") {
            true => command.to_string(),
            false => format!("{command} {settings}"),
        };
        check(&folder, &line);
    }
    for line in [
        "evaluate m.safetensors t.csv",
        "explain m.safetensors t.csv --repeats 1",
        "train t.csv --from m.safetensors --out r.safetensors",
    ] {
        check(&folder, line);
    }
    check(&folder, "predict m.safetensors t.csv --out p.csv");
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_refused_does_not_fit_and_what_is_allowed_fits() {
    let settings = "--set training.epochs=1 --set network.hidden=[32]";
    let folder = Folder::new();
    folder.write("t.csv", table(20_000, 10, 0));
    for line in [
        "train t.csv --target y --preset fast --out m.safetensors",
        "train t.csv --target y --out n.safetensors --set ensemble.members=2",
        "find-lr t.csv --target y",
    ] {
        check(&folder, &format!("{line} {settings}"));
    }
    check(&folder, "evaluate m.safetensors t.csv");
    check(&folder, "explain m.safetensors t.csv --repeats 1");
    let further = "train t.csv --from m.safetensors --out r.safetensors";
    check(&folder, &format!("{further} --set training.epochs=1"));
    let wide = "train t.csv --target y --preset fast --out w.safetensors --set training.epochs=1 \
                --set network.hidden=[30000]";
    check(&folder, wide);
}

/// A table of two inputs with three targets of so many classes and a number, each of which some rows lack.
fn table_of_targets(rows: usize, classes: usize) -> String {
    let mut csv = "n0,n1,y0,y1,y2,y3\n".to_string();
    for row in 0..rows {
        csv += &format!("{}.5,{}", row % 61, row * 7 % 53);
        for target in 0..3 {
            match (row + target) % 9 {
                0 => csv += ",",
                _ => csv += &format!(",c{}", row * (target + 1) % classes),
            }
        }
        csv += &format!(",{}.5\n", row * 31 % 977);
    }
    csv
}

/// What training is said to take, in bytes, with so little memory that it is refused.
fn refused_figure(folder: &Folder, line: &str) -> u64 {
    let mut limits = (100..400).step_by(10);
    let figure = limits.find_map(|megabytes| {
        let answer = limited(folder, megabytes * MEGABYTE, line);
        let is_of_training = answer.stderr.contains("training on it takes about");
        figures(&answer).filter(|_| is_of_training)
    });
    figure.unwrap()[0]
}

#[test]
#[cfg(target_os = "linux")]
fn the_outputs_of_all_targets_are_in_the_estimate() {
    let folder = Folder::new();
    folder.write("t.csv", table_of_targets(2_000, 201));
    let settings = "--set training.epochs=1 --set network.hidden=[8] --set ensemble.members=2 --set ensemble.folds=2";
    let line =
        |targets: &str| format!("train t.csv --target {targets} --out m.safetensors {settings}");
    // Each class has an output for each row of the other fold, and another one out of fold.
    let one = refused_figure(&folder, &line("y0,y3 --ignore y1,y2"));
    let several = refused_figure(&folder, &line("y0,y1,y2,y3"));
    assert!(several > one + 20 * MEGABYTE, "{several} and {one}");
    check(&folder, &line("y0,y1,y2,y3"));
    check(&folder, "evaluate m.safetensors t.csv");
}

/// All commands and sizes take hours. Tables of more than a hundred million cells are left out.
#[test]
#[cfg(target_os = "linux")]
#[ignore = "takes hours"]
fn the_estimate_holds_for_all_commands_and_sizes() {
    let settings = "--set training.epochs=1";
    for rows in [1_000, 10_000, 100_000, 1_000_000] {
        for inputs in [1, 10, 100, 1_000] {
            if rows * inputs <= 100_000_000 {
                check_commands(rows, inputs, 0, settings);
                check_commands(rows, inputs, 2, settings);
            }
        }
    }
    for (rows, classes) in [
        (1_000, 100),
        (20_000, 1_000),
        (20_000, 10_000),
        (100_000, 10_000),
    ] {
        check_commands(rows, 2, classes, settings);
    }
    for hidden in ["[4000,4000]", "[100000]", "[1000000]"] {
        let settings = format!("{settings} --set network.hidden={hidden}");
        check_commands(1_000, 10, 0, &settings);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn compressed_tables_are_refused_while_they_are_read() {
    let folder = Folder::new();
    let csv = table(100_000, 10, 0);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(csv.as_bytes()).unwrap();
    folder.write("t.csv.gz", packed.finish().unwrap());
    folder.write("t.csv", csv);
    for file in ["t.csv", "t.csv.gz"] {
        check(&folder, &format!("describe {file} --target y"));
        let line = "train {} --target y --preset fast --out m.safetensors --set training.epochs=1";
        check(&folder, &line.replace("{}", file));
    }
}
