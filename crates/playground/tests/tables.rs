//! Tables that are dropped on the page: good ones are understood, and bad ones are errors.

use backburn_playground::{Playground, Unit, describe};

fn open(csv: &str, target: &str) -> Result<Playground, backburn::Error> {
    Playground::open_table(
        csv.as_bytes().to_vec(),
        "dropped.csv",
        target,
        r#"{"hidden": [4]}"#,
    )
}

/// Houses with a date, a category, missing values and a price in dollars.
fn houses() -> String {
    let mut csv = "size;sold;kind;garage;price\n".to_string();
    for row in 0..60 {
        let size = if row % 11 == 3 {
            "NA".to_string()
        } else {
            (60 + row * 7 % 50).to_string()
        };
        let kind = ["flat", "house", "villa"][row % 3];
        let garage = ["yes", "no"][row % 2];
        csv += &format!(
            "{size};2024-{:02}-15;{kind};{garage};\"$1,{:03}.50\"\n",
            row % 12 + 1,
            row * 13
        );
    }
    csv
}

#[test]
fn a_table_is_described_as_training_understands_it() {
    let summary = describe(houses().into_bytes(), "houses.csv").unwrap();
    assert_eq!(summary.rows, 60);
    let kinds: Vec<&str> = summary
        .columns
        .iter()
        .map(|column| column.kind.as_str())
        .collect();
    assert_eq!(
        kinds,
        ["numeric", "date", "categorical", "boolean", "numeric"]
    );
    let size = &summary.columns[0];
    assert!(size.missing > 0 && size.values.contains(" to "), "{size:?}");
    assert!(summary.columns[2].values.contains("flat"));
    assert!(summary.columns.iter().all(|column| !column.note.is_empty()));
}

#[test]
fn a_table_with_missing_values_categories_and_dates_trains() {
    for target in ["price", "kind", "garage", "size"] {
        let mut playground = open(&houses(), target).unwrap();
        playground.train(Unit::Epoch, 3);
        let about = playground.about();
        assert_eq!(about.target, target);
        assert_eq!(about.inputs.len(), about.layers[0]);
        let row = playground.row(0).unwrap();
        assert_eq!(row.inputs.len(), about.layers[0]);
        assert_eq!(row.cells.len(), 4);
        assert!(row.loss.is_finite());
        assert_eq!(playground.attribution(0).unwrap().len(), 4);
        assert!(!playground.model().unwrap().is_empty());
    }
}

#[test]
fn names_are_only_text() {
    let mut csv = "x,<script>alert(1)</script>,\"a\"\"b,c\",y\n".to_string();
    for row in 0..40 {
        csv += &format!(
            "{},<b>{},{},{}\n",
            row * 7 % 11,
            row % 3,
            row * row % 17,
            row % 5
        );
    }
    let playground = open(&csv, "y").unwrap();
    let columns: Vec<String> = playground
        .row(0)
        .unwrap()
        .cells
        .into_iter()
        .map(|c| c.column)
        .collect();
    assert_eq!(columns[1], "<script>alert(1)</script>");
    assert_eq!(columns[2], "a\"b,c");
}

#[test]
fn hostile_tables_are_errors() {
    let too_long = format!("a,b\n{}", "1,2\n".repeat(100_001));
    let constant = format!("a,b\n{}", "1,2\n".repeat(50));
    let zeros = "\0".repeat(5000);
    let unbalanced = "a,b\n1,2\n3,4,5\n6,7\n".repeat(3);
    for (csv, target) in [
        ("", "b"),
        ("\n\n\n", "b"),
        ("a,b\n", "b"),
        ("a,b\n1,2\n", "c"),
        ("b\n1\n2\n3\n", "b"),
        ("\u{7f}ELF\u{1}\u{1}", "b"),
        (zeros.as_str(), "b"),
        (unbalanced.as_str(), "b"),
        (too_long.as_str(), "b"),
        (constant.as_str(), "b"),
    ] {
        let error = match open(csv, target) {
            Ok(_) => panic!("{:?} was read", csv.get(..20)),
            Err(error) => error.to_string(),
        };
        assert!(error.len() > 10, "{error}");
    }
    let missing = open("size,price\n1,2\n3,4\n", "prize")
        .err()
        .unwrap()
        .to_string();
    assert!(missing.contains("price"), "{missing}");
    assert!(describe(vec![0xff; 4000], "noise.csv").is_err());
    assert!(describe(too_long.into_bytes(), "long.csv").is_err());
}

#[test]
fn pure_noise_trains_and_a_hundred_thousand_rows_are_taken() {
    let mut csv = "a,b,y\n".to_string();
    let mut state = 1u64;
    for _ in 0..100_000 {
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / 1e4
        };
        csv += &format!("{:.3},{:.3},{:.3}\n", next(), next(), next());
    }
    let mut playground = open(&csv, "y").unwrap();
    assert_eq!(playground.about().rows, 100_000);
    let progress = playground.train(Unit::Batch, 20);
    assert!(progress.loss.unwrap().is_finite());
    assert_eq!(playground.points(500).index.len(), 500);
}

#[test]
fn tables_of_few_rows_have_no_validation_rows() {
    let mut playground = open("a,b\n5,1\n1,0\n7,1\n3,0\n9,1.5\n", "b").unwrap();
    let progress = playground.train(Unit::Epoch, 3);
    assert_eq!((progress.score, progress.validation_loss), (None, None));
    assert_eq!(playground.about().validation_rows, 0);
}
