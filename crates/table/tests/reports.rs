//! Lines of reports around the rows: titles, totals, headers that are repeated, and what follows the last row.

use backburn_table::{ReadOptions, Table};

use crate::layouts::{PLAIN, contents, file, read, read_as, refused, same_as_plain};

#[test]
fn the_end_of_a_report_below_a_column_of_text_is_left_out() {
    let plain = "kind,b,y\nred,1,2.5\nblue,2,3.5\nred,3,1.5\n";
    for (after, lines) in [
        ("(3 rows)\n", 1),
        ("3 rows selected.\n", 1),
        ("3 rows in set (0.00 sec)\n", 1),
        ("Source: sensors\n", 1),
        ("\nSource: sensors\nLast updated: 2024\n", 2),
        ("\n\nData from database: sensors\nRetrieved in May", 2),
    ] {
        let table = read(&format!("{plain}{after}"));
        assert_eq!(contents(&table), contents(&read(plain)), "{after}");
        let notes = table.notes().join("\n");
        let said = match lines {
            1 => "is left out, as the end of a report",
            _ => "2 lines from line",
        };
        assert!(notes.contains(said), "{notes}");
    }
    let spaced =
        "kind  a  b  y\n----  -  -  ---\nred   1  2  2.5\nblue  2  1  3.5\nred   3  3  1.5\n";
    for after in ["\n(3 rows affected)\n", "3 rows selected.\n", "(3 rows)\n"] {
        let table = read(&format!("{spaced}{after}"));
        assert_eq!(contents(&table), contents(&read(spaced)), "{after}");
    }
    // A row that was cut off is refused, and so are lines in the middle.
    for cut_off in [
        "red\n",
        "dark red\n",
        "3 rowers\n",
        "\nSource\nnote\nred,1,2\n",
    ] {
        let error = refused(&format!("{plain}{cut_off}"));
        assert!(error.contains("this row has 1 field"), "{error}");
    }
}

#[test]
fn a_last_row_of_totals_is_left_out() {
    let plain = "region,sales,costs\nnorth,100,20\nsouth,200,30\nwest,50,5\n";
    for total in ["Total,350,55\n", "Grand Total:,350,\n", "Sum,350,99\n"] {
        let table = read(&format!("{plain}{total}"));
        assert_eq!(contents(&table), contents(&read(plain)), "{total}");
        let notes = table.notes().join("\n");
        assert!(notes.contains("the last row is left out"), "{notes}");
    }
    let other = read(&format!("{plain}Total,1,2\n"));
    assert_eq!(other.rows(), 4);
    assert!(
        other.notes().join("").contains("not the sums"),
        "{:?}",
        other.notes()
    );
    let category = "region,year,sales\nTotal,1,5\nnorth,1,5\nTotal,2,10\n";
    assert_eq!(read(category).rows(), 3);
    assert!(read(category).notes().is_empty());
}

#[test]
fn a_header_that_is_repeated_is_no_row() {
    let rows = "0.5,word,1\n".repeat(5000);
    for (text, expected) in [
        ("x,k,y\n1,a,2\nx,k,y\n2,b,3\n".to_string(), 2),
        ("x;k;y\n1;a;2\n\u{feff}x;k;y\n2;b;3\n".to_string(), 2),
        (format!("x,k,y\n{rows}x,k,y\n{rows}"), 10_000),
        (
            format!("x,k,y\n{rows}x,k,y\n{rows}# comment\n1,a,2\n"),
            10_001,
        ),
    ] {
        let (_folder, path) = file("t.csv", &text);
        let table = Table::read(&path, &ReadOptions::default()).unwrap();
        assert_eq!(table.rows(), expected);
        let notes = table.notes().join("");
        assert!(notes.contains("repeat the header"), "{notes}");
        assert_eq!(table.numbers("x").unwrap().len(), expected);
    }
    let (_folder, path) = file("t.csv", "x,k,y\n1,a,2\nx,k,y\n2,b,3\n");
    let table = Table::read(&path, &ReadOptions::default()).unwrap();
    assert!(
        table.location(1).ends_with("t.csv:4"),
        "{}",
        table.location(1)
    );
    // Numbers that are names may be values.
    assert_eq!(read("0,1\n0,1\n0.5,2\n").rows(), 2);
}

#[test]
fn titles_of_several_fields_are_left_out() {
    same_as_plain(&format!(
        "Station,Berlin\nFrom,2024-01-01\nTo,2024-12-31\n\n{PLAIN}"
    ));
}

#[test]
fn tables_that_programs_print_are_read() {
    let rst = "=====  ====  ==\nx1     x2    y\n=====  ====  ==\n0.346  0.07  a\n0.822  6.46  b\n0.33   7.2   a\n=====  ====  ==\n";
    same_as_plain(rst);
    let sqlplus = "x1    x2   y\n----- ---- --\n0.346 0.07 a\n0.822 6.46 b\n0.33  7.2  a\n\n3 rows selected.\n";
    same_as_plain(sqlplus);
    // Without a line of dashes below the header, one among the rows is a row.
    assert_eq!(read("x,y\n1,2\n--,--\n3,4\n").rows(), 3);
}

#[test]
fn a_first_row_with_one_value_is_a_row() {
    let options = ReadOptions {
        header: Some(false),
        ..ReadOptions::default()
    };
    let text = ",,7\n1,2,3\n4,5,6\n7,8,9\n";
    assert_eq!(read_as("t.csv", text, &options).unwrap().rows(), 4);
}

#[test]
fn a_header_with_another_delimiter_than_the_rows_is_said() {
    let error = refused("x,k,y\n1;a;2\n2;b;3\n3;a;4\n");
    assert!(
        error.contains("are separated by ',', and the fields of this row by ';': write both alike"),
        "{error}"
    );
}

#[test]
fn a_last_row_of_means_is_left_out() {
    let plain = "region,sales,n\nnorth,100,10\nsouth,200,20\n";
    let with_means = read(&format!("{plain}Average,150,15\n"));
    assert_eq!(contents(&with_means), contents(&read(plain)));
    assert!(with_means.notes()[0].contains("`Average`, with the means of the columns"));
    let other = read(&format!("{plain}Average,100,10\n"));
    assert_eq!(other.rows(), 3);
    assert!(other.notes()[0].contains("its numbers are not the means"));
}
