//! Tests of descriptions of tables.

use std::io::Cursor;

use super::*;

fn described(csv: &str, target: Option<&str>, held: u64) -> Result<TableDescription, Error> {
    let options = DescribeOptions {
        target: target.map(str::to_string),
        ..DescribeOptions::default()
    };
    let bytes = Cursor::new(csv.to_string());
    let reader = TableReader::from_reader("t.csv", bytes, &options.read)?;
    describe_rows(reader, &options, held)
}

fn describe(csv: &str, target: Option<&str>) -> TableDescription {
    described(csv, target, u64::MAX).unwrap()
}

/// Rows with a number, a category, a date, an identifier, a constant and a target.
fn csv(rows: usize) -> String {
    let mut csv = "id,size,street,sold,same,price\n".to_string();
    for row in 0..rows {
        let size = row * 37 % 101;
        let street = ["north", "south", "east"][row % 3];
        let day = row % 28 + 1;
        csv += &format!(
            "{row},{size},{street},2024-02-{day:02},x,{}.5\n",
            row * 71 % 97
        );
    }
    csv
}

#[test]
fn columns_have_their_use_and_range() {
    let description = describe(&csv(60), Some("price"));
    let uses: Vec<String> = description
        .columns
        .iter()
        .map(|c| c.training.text())
        .collect();
    let expected = [
        "ignored",
        "scaled",
        "one-hot, 3",
        "parts of dates",
        "ignored",
        "the target",
    ];
    assert_eq!(uses, expected);
    let [_, size, street, sold, ..] = &description.columns[..] else {
        panic!("{description:?}");
    };
    assert_eq!(size.min, Some(Bound::Number(0.0)));
    assert_eq!((street.distinct, street.values[0].rows), (3, 20));
    assert_eq!(sold.max, Some(Bound::Date("2024-02-28".to_string())));
    let target = description.target.unwrap();
    assert_eq!(target.task, Task::Regression);
    assert!(target.line().starts_with("price (regression): 0.5 to "));
    assert_eq!((description.rows, description.copies), (60, 0));
}

#[test]
fn statistics_of_a_part_and_of_all_rows_agree() {
    let csv = csv(30_000);
    let whole = describe(&csv, Some("price"));
    let part = described(&csv, Some("price"), 1).unwrap();
    assert!(part.typed_by_rows < 30_000, "{}", part.typed_by_rows);
    assert!(part.notes.iter().any(|note| note.contains("of all 30,000")));
    assert_eq!(whole.columns, part.columns);
    assert_eq!(whole.target, part.target);
}

#[test]
fn values_of_another_kind_after_the_first_rows_are_said() {
    let mut csv = csv(30_000);
    csv += "7,abc,north,2024-02-01,x,3.5\n";
    let part = described(&csv, None, 1).unwrap();
    let note =
        "column `size` holds numbers in the first rows, and 1 other value later, such as \"abc\"";
    assert!(
        part.notes.iter().any(|found| found == note),
        "{:?}",
        part.notes
    );
}

#[test]
fn copies_sentinels_rare_classes_and_near_copies_are_said() {
    let mut csv = "t,twice,noise,other,kind\n".to_string();
    for row in 0..100 {
        let t = match row % 10 {
            0 => "-999".to_string(),
            _ => (row % 7).to_string(),
        };
        let kind = ["a", "b"][row * 37 % 101 % 2];
        let (noise, other) = (row * 71 % 97, row * 29 % 89);
        csv += &format!("{t},is {kind},{noise},{other},{kind}\n");
    }
    csv += "1,is c,5,7,c\n1,is c,5,7,c\n";
    let notes = describe(&csv, Some("kind")).notes.join("\n");
    for words in [
        "1 of 102 rows is a copy of an earlier row",
        "column `t`: -999 in 10 rows is far from all other values",
        "pass --na -999",
        "column `twice` alone explains 100.0 % of the target",
        "--ignore twice",
        "`kind` has 1 class of one or two rows (`c` 2)",
    ] {
        assert!(notes.contains(words), "no {words:?} in {notes}");
    }
    // 999 among larger numbers is a number.
    let plain: String = (0..50)
        .map(|row| format!("{},{row}.5\n", row * 40 % 1039))
        .collect();
    let notes = describe(&format!("a,y\n{plain}999,1\n999,2\n"), None).notes;
    assert!(!notes.join("\n").contains("--na"), "{notes:?}");
}

#[test]
fn a_target_that_numbers_the_rows_is_numeric() {
    let row = |row: usize| format!("{}.5,{row}\n", row * 37 % 11);
    let rows: String = (0..60).map(row).collect();
    let description = describe(&format!("x,n\n{rows}"), Some("n"));
    assert_eq!(description.columns[1].kind, ColumnKind::Numeric);
    let line = description.target.unwrap().line();
    assert_eq!(line, "n (regression): 0 to 59");
}

#[test]
fn a_target_that_training_refuses_is_a_note() {
    let csv = "a,y\n1,10\n2,20\n3,30\n";
    let description = describe(csv, Some("y"));
    assert_eq!(description.target, None);
    let note = &description.notes[0];
    assert!(note.starts_with("training would refuse this: "), "{note}");
    assert!(note.contains("--task"), "{note}");
    let error = described(csv, Some("z"), u64::MAX).unwrap_err();
    assert!(error.to_string().contains("no column `z`"), "{error}");
}

#[test]
fn near_copies_of_rows_are_said() {
    let mut csv = "size,weight,price\n".to_string();
    for row in 0..220 {
        let (row, error) = (row % 200, f64::from(u8::from(row >= 200)) * 1e-6);
        let size = (row * 7919 % 1009) as f64 / 1009.0;
        let weight = (row * 104_729 % 1013) as f64 / 1013.0;
        csv += &format!("{},{},{}\n", size + error, weight - error, size + weight);
    }
    let description = describe(&csv, Some("price"));
    assert_eq!(description.copies, 0);
    let is_said = |note: &String| note.starts_with("20 of 220 rows are near-copies");
    assert!(
        description.notes.iter().any(is_said),
        "{:?}",
        description.notes
    );
}

#[test]
fn equal_rows_are_copies_by_the_rule_of_training() {
    // Four towns and two classes: equal rows are different people.
    let row = |row: usize| {
        let town = row * 7 % 5 % 4;
        let is = |other: usize| u8::from(town == other);
        format!(
            "{},{},{},{},{}\n",
            is(0),
            is(1),
            is(2),
            is(3),
            row * 3 % 7 % 2
        )
    };
    let one_hot: String = (0..200).map(row).collect();
    let one_hot = format!("a,b,c,d,y\n{one_hot}");
    // Rows of the same measurement, each with a number of its own.
    let row = |row: usize| {
        let n = row % 150;
        let (x, y) = (n * 37 % 151, n * 59 % 149);
        format!("{row},{x}.25,{y}.5,{}\n", (x + y) % 2)
    };
    let numbered: String = (0..200).map(row).collect();
    let numbered = format!("id,x,z,y\n{numbered}");
    for target in [None, Some("y")] {
        let description = describe(&one_hot, target);
        assert_eq!((description.copies, description.copies_complete), (0, true));
        let notes = description.notes.join("\n");
        assert!(!notes.contains("copies of earlier rows"), "{notes}");
        assert_eq!(describe(&numbered, target).copies, 50, "{target:?}");
    }
    // Rows that did not decide on the columns are counted alike.
    let row = |row: usize| format!("{},{}\n", row % 3, row * 7 % 5 % 2);
    let long: String = (0..30_000).map(row).collect();
    let part = described(&format!("a,y\n{long}"), Some("y"), 1).unwrap();
    assert!(part.typed_by_rows < part.rows);
    assert_eq!(part.copies, 0);
}
