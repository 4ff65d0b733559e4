//! Reading tables in other layouts than plain CSV: they have the same cells.

use std::fs;
use std::io::Cursor;
use std::path::PathBuf;

use backburn_table::{ReadOptions, Table, TableError, TableReader};
use proptest::prelude::*;
use tempfile::TempDir;

pub const PLAIN: &str = "x1,x2,y\n0.346,0.07,a\n0.822,6.46,b\n0.33,7.2,a\n";

pub fn read_as(name: &str, text: &str, options: &ReadOptions) -> Result<Table, TableError> {
    Table::from_reader(name, Cursor::new(text.as_bytes().to_vec()), options)
}

pub fn read(text: &str) -> Table {
    read_as("t.txt", text, &ReadOptions::default()).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// The columns, and the cells of each as text.
pub fn contents(table: &Table) -> Vec<(String, Vec<String>)> {
    let columns = table.columns().map(|name| {
        let cells = table.column(name).unwrap().cells();
        let cells = cells.map(|cell| cell.category().unwrap_or_default().into_owned());
        (name.to_string(), cells.collect())
    });
    columns.collect()
}

pub fn same_as_plain(text: &str) {
    assert_eq!(contents(&read(text)), contents(&read(PLAIN)), "{text}");
}

pub fn file(name: &str, text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    (folder, path)
}

pub fn refused(text: &str) -> String {
    let (_folder, path) = file("t.csv", text);
    let error = Table::read(&path, &ReadOptions::default()).unwrap_err();
    error.to_string()
}

#[test]
fn delimiters_are_found_by_what_makes_rows_equally_long() {
    for delimiter in [",", ";", "\t", "|", "^", "~", " ", "   "] {
        same_as_plain(&PLAIN.replace(',', delimiter));
    }
    same_as_plain("  x1 x2   y\n 0.346  0.07  a \n 0.822 6.46 b\n 0.33  7.2  a\n");
    let names = "speed, m/s, mean\ttemp, C, max\ty\n0.3\t0.07\t1\n0.8\t6.4\t2\n";
    let columns: Vec<String> = read(names).columns().map(str::to_string).collect();
    assert_eq!(columns, ["speed, m/s, mean", "temp, C, max", "y"]);
    let decimal_commas = read("a;b\n1,5;2,5\n2,5;3,5\n0,5;1\n");
    assert_eq!(decimal_commas.columns().count(), 2);
    let words = read("full name,age\nAda Lovelace,36\nAlan Turing,41\n");
    assert_eq!(words.columns().collect::<Vec<_>>(), ["full name", "age"]);
    let sentences = read("street\nElm street\nOak street\n");
    assert_eq!(sentences.columns().collect::<Vec<_>>(), ["street"]);
}

#[test]
fn a_suffix_decides_where_the_text_does_not() {
    let text = "a,b\tc,d\n1,2\t3,4\n5,6\t7,8\n";
    let columns = |name: &str| {
        let table = read_as(name, text, &ReadOptions::default()).unwrap();
        table.columns().map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(columns("t.tsv"), ["a,b", "c,d"]);
    assert_eq!(columns("t.csv"), ["a", "b\tc", "d"]);
}

#[test]
fn an_erroneous_row_does_not_change_the_delimiter() {
    let error = refused("full name,age\nAda Lovelace,36\nAlan Turing,41,0\nAda Byron,36\n");
    assert!(
        error.ends_with(
            "t.csv:3: this row has 3 fields, the header 2; quote a field that holds the delimiter"
        ),
        "{error}"
    );
}

#[test]
fn a_header_may_have_its_last_name_alone() {
    let table = read(",,value\na,b,\nc,d,2\ne,f,4\ng,h,4\n");
    let columns: Vec<&str> = table.columns().collect();
    assert_eq!(columns, ["column_1", "column_2", "value"]);
    assert_eq!(table.rows(), 4);
}

#[test]
fn lines_that_are_not_rows_are_left_out() {
    for before in [
        "# exported\n",
        "# exported, by hand\n",
        "# exported, by hand, today\n",
        "// exported\n// by hand\n",
        "% exported\n\n",
        "Report of sensors\n\n",
        "Report of sensors\n",
        "Report of sensors,,\n,,\n",
        ",Report of sensors,\n",
        ",Report of sensors,\n,by hand,\n,,\n",
        "\"Data Source\",\"Sensors\"\n\n",
        "sep=,\n",
        "\"sep=,\"\r\n",
        "\n\n",
        "\u{feff}",
    ] {
        same_as_plain(&format!("{before}{PLAIN}"));
    }
    for after in [
        "\n\n",
        "   \n",
        ",,\n,,\n",
        "\nSource: sensors\n",
        "(3 rows)\n",
        "Total,1.498\n",
        "Source: sensors,,\n",
        ",,\nNote: by hand,,\nTotal,,\n",
        "*** End of report ***,,\n",
        "Notes: by hand\n",
        "# the end\n",
    ] {
        same_as_plain(&format!("{PLAIN}{after}"));
    }
    same_as_plain(&PLAIN.replace("0.822", "# a comment, say\n0.822"));
    same_as_plain(&format!("sep=;\n{}", PLAIN.replace(',', ";")));
    same_as_plain(&PLAIN.replace(",", ", "));
    same_as_plain("\"x1\", \"x2\", \"y\"\n0.346, 0.07, \"a\"\n0.822, 6.46, \"b\"\n0.33, 7.2, a\n");
    let notes = read(&format!("Report\n\n{PLAIN}\nSource: me\n")).notes();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(read(PLAIN).notes().is_empty());
}

#[test]
fn delimiters_at_the_end_of_lines_are_no_columns() {
    same_as_plain(&PLAIN.replace("a\n", "a,\n").replace("b\n", "b,\n"));
    same_as_plain(&PLAIN.replace('\n', ",\n"));
    same_as_plain(&PLAIN.replace('\n', ",,,\n"));
    let kept = read("a,b,\n1,2,\n3,4,5\n");
    assert_eq!(kept.columns().collect::<Vec<_>>(), ["a", "b", "column_3"]);
}

#[test]
fn names_of_rows_are_a_column() {
    let table = read("\"x\" \"y\"\n\"1\" 0.5 \"a\"\n\"2\" 1.5 \"b\"\n");
    assert_eq!(table.columns().collect::<Vec<_>>(), ["rownames", "x", "y"]);
    let error = refused("x,y\n1,0.5,a\n1,1.5,b\n");
    assert!(
        error.contains("t.csv:2: this row has 3 fields, the header 2; pass --skip-lines"),
        "{error}"
    );
}

#[test]
fn rows_that_lack_their_empty_tail_are_filled() {
    let table = read("a,b,note\n1,2,x\n3,4\n5,6,\n7,8,y\n");
    assert_eq!(contents(&table)[2].1, ["x", "", "", "y"]);
    assert_eq!(table.notes().len(), 1);
    let text = "x1,x2,y,note\n1,2,3\n4,5,6\n";
    let error = refused(text);
    assert!(
        error.contains("t.csv:2: this row has 3 fields, the header 4; pass --fill-short-rows"),
        "{error}"
    );
    let options = ReadOptions {
        fill_short_rows: true,
        ..ReadOptions::default()
    };
    let table = read_as("t.csv", text, &options).unwrap();
    assert_eq!(contents(&table)[3].1, ["", ""]);
}

#[test]
fn options_overrule_what_is_found() {
    let options = ReadOptions {
        skip_lines: 2,
        ..ReadOptions::default()
    };
    let table = read_as("t.csv", &format!("a,b,c\nd,e,f\n{PLAIN}"), &options).unwrap();
    assert_eq!(contents(&table), contents(&read(PLAIN)));
    let options = ReadOptions {
        comment: Some(b'!'),
        ..ReadOptions::default()
    };
    let text = format!("!a,b,c\n{}", PLAIN.replace("0.33", "! \"x\n0.33"));
    let table = read_as("t.csv", &text, &options).unwrap();
    assert_eq!(contents(&table), contents(&read(PLAIN)));
}

#[test]
fn numbers_may_be_names() {
    let with = |header, known: &[&str]| ReadOptions {
        header,
        known_columns: known.iter().map(|name| name.to_string()).collect(),
        ..ReadOptions::default()
    };
    let columns = |text: &str, options: &ReadOptions| {
        let table = read_as("t.csv", text, options)?;
        Ok::<_, TableError>(table.columns().map(str::to_string).collect::<Vec<_>>())
    };
    let guess = with(None, &[]);
    assert_eq!(
        columns("0,1,target\n0.5,1,a\n1,2.5,b\n", &guess).unwrap(),
        ["0", "1", "target"]
    );
    assert_eq!(columns("0,1\n0.5,1\n1,2.5\n", &guess).unwrap(), ["0", "1"]);
    assert_eq!(
        columns("2001,2002\n0.5,1\n1,2.5\n", &guess).unwrap(),
        ["2001", "2002"]
    );
    let error = columns("0,1\n1,0\n1,1\n", &guess).unwrap_err().to_string();
    assert!(
        error.contains("t.csv:1: the first line holds numbers") && error.contains("--header"),
        "{error}"
    );
    let known = with(None, &["1", "0"]);
    assert_eq!(columns("0,1\n1,0\n1,1\n", &known).unwrap(), ["0", "1"]);
    let named = with(Some(true), &[]);
    assert_eq!(columns("7,5\n1,0\n", &named).unwrap(), ["7", "5"]);
}

#[test]
fn a_first_line_that_looks_like_data_is_noticed() {
    let is_data = |text: &str| read(text).first_line_looks_like_data();
    assert!(is_data("5.9,setosa\n6.17,versi\n5.98,setosa\n"));
    assert!(is_data("5,setosa\n6,versi\n5,setosa\n"));
    assert!(is_data("a,x\nb,x\na,y\nb,y\n"));
    assert!(!is_data("length,kind\n6.17,versi\n5.98,setosa\n"));
    assert!(!is_data("0,1,target\n6.17,2,3.5\n5.98,2,3.5\n"));
    assert!(!is_data("2001,2002,country\n6,2,France\n5,3,Spain\n"));
    assert!(!is_data(PLAIN));
}

#[test]
fn names_that_are_repeated_are_listed() {
    assert_eq!(read("x,y,z,y\n1,2,3,4\n").repeated_names(), ["y"]);
    assert!(read(PLAIN).repeated_names().is_empty());
}

#[test]
fn orange_files_have_a_header_of_three_lines() {
    let table =
        read("x1\tx2\ty\nc\tc\td\n\t\tclass\n0.346\t0.07\ta\n0.822\t6.46\tb\n0.33\t7.2\ta\n");
    assert_eq!(contents(&table), contents(&read(PLAIN)));
}

#[test]
fn lines_that_describe_the_columns_are_left_out() {
    let plain = "name,weight,price\na,1.5,20\nb,2.5,30\nc,3.5,40\n";
    for below in [
        ",kg,USD\n",
        "text,[kg],(USD)\n",
        "the name,how heavy it is,how dear\n,kg,USD\n",
    ] {
        let csv = plain.replacen('\n', &format!("\n{below}"), 1);
        let table = read(&csv);
        assert_eq!(contents(&table), contents(&read(plain)), "{below}");
        let notes = table.notes().join("\n");
        assert!(
            notes.contains("the columns (") && notes.contains("--header"),
            "{notes}"
        );
        let kept = ReadOptions {
            header: Some(true),
            ..ReadOptions::default()
        };
        let lines = below.matches('\n').count();
        assert_eq!(read_as("t.csv", &csv, &kept).unwrap().rows(), 3 + lines);
    }
    // The line of a row is that in the file.
    let table = read(&plain.replacen('\n', "\n,kg,USD\n", 1));
    assert!(
        table.location(0).contains("data row 1"),
        "{}",
        table.location(0)
    );
    // A model finds the same rows.
    let known = ReadOptions {
        known_columns: vec!["weight".to_string(), "price".to_string()],
        ..ReadOptions::default()
    };
    let csv = plain.replacen('\n', "\n,kg,USD\n", 1);
    assert_eq!(read_as("t.csv", &csv, &known).unwrap().rows(), 3);
    // Below few rows, it may be a row with mistakes.
    assert_eq!(read("name,weight,price\n,kg,USD\na,1.5,20\n").rows(), 2);
    // Values that are missing or text are rows.
    for csv in [
        "name,weight,price\na,n/a,-\nb,2.5,30\nc,3.5,40\nd,1,2\n",
        "name,weight\na,failed\nb,2.5\nc,3.5\nd,1\n",
        "a,b,c\nx,y,z\nu,v,w\ns,t,u\n",
    ] {
        let table = read(csv);
        assert_eq!(table.rows(), csv.lines().count() - 1, "{csv}");
        assert!(table.notes().is_empty(), "{csv}");
    }
}

#[test]
fn headers_of_several_levels_are_read() {
    let text = ",x,x,y\n,mean,std,mean\nid,,,\n1,0.5,0.25,7\n2,1.5,0.5,8\n3,2.5,0.75,9\n";
    let table = read(text);
    let names: Vec<&str> = table.columns().collect();
    assert_eq!(names, ["id", "x_mean", "x_std", "y_mean"]);
    assert_eq!(table.numbers("x_std").unwrap(), [0.25, 0.5, 0.75]);
    assert!(table.repeated_names().is_empty());
    assert!(
        table.notes()[0].contains("3 lines from line 1 on are read as a header"),
        "{:?}",
        table.notes()
    );
    // The names of a model are found again, whatever the number of rows.
    let options = ReadOptions {
        known_columns: vec!["x_std".to_string()],
        ..ReadOptions::default()
    };
    let one = text.lines().take(4).collect::<Vec<_>>().join("\n");
    let one = read_as("t.csv", &one, &options).unwrap();
    assert_eq!(one.numbers("x_std").unwrap(), [0.25]);
    // So are those of an older model, which has the first line alone.
    let older = ReadOptions {
        known_columns: vec!["x".to_string(), "x.1".to_string()],
        ..ReadOptions::default()
    };
    assert!(read_as("t.csv", text, &older).unwrap().has_column("x.1"));
    let as_rows = ReadOptions {
        header: Some(true),
        ..ReadOptions::default()
    };
    assert_eq!(read_as("t.csv", text, &as_rows).unwrap().rows(), 5);
}

#[test]
fn names_are_read_as_they_are_seen() {
    let header = "x1,\u{200b}x2,y\u{a0}\u{feff}\n";
    let text = PLAIN.replace("x1,x2,y\n", header);
    // Files that were joined have the header again.
    same_as_plain(&format!("{text}{header}"));
    same_as_plain(&format!("# by hand\n{text}{header}"));
    let table = read(&text);
    assert!(
        table.notes()[0].ends_with("non-breaking spaces: `x2`, `y`"),
        "{:?}",
        table.notes()
    );
    let options = ReadOptions {
        known_columns: vec!["\u{200b}x2".to_string()],
        ..ReadOptions::default()
    };
    let known = read_as("t.csv", &text, &options).unwrap();
    assert!(known.has_column("\u{200b}x2") && known.has_column("y"));
    let json = "{\"\u{200b}x\": 1}\n{\"\u{200b}x\": 2}\n";
    assert_eq!(read(json).numbers("x").unwrap(), [1.0, 2.0]);
}

#[test]
fn lines_are_those_of_the_file_in_every_layout() {
    for (text, line) in [
        ("# one\n\nx,y\n1,2\n# two\n3,4\n", 6),
        ("Report\n\nx;y\n1;2\n\n3;4\n", 6),
        ("sep=;\nx;y\n\"1\n\";2\n3;4\n", 5),
        ("x y\n1  2\n\n 3 4\n", 4),
        ("x,y,\r\n1,2,\r\n3,4,\r\n", 3),
    ] {
        let (_folder, path) = file("t.csv", text);
        let table = Table::read(&path, &ReadOptions::default()).unwrap();
        let location = table.location(1);
        assert!(
            location.ends_with(&format!("t.csv:{line}")),
            "{location}\n{text}"
        );
    }
    let error = refused("# one\nx,y,z\n1,2,3\n1,2,3,4\n");
    assert!(
        error.contains("t.csv:4: this row has 4 fields, the header 3"),
        "{error}"
    );
}

#[test]
fn what_comes_after_the_first_lines_is_read_alike() {
    let rows = "0.5,word,1\n".repeat(20_000);
    for rest in [
        "# comment\n1,x,2\n",
        "1,x,2,\n",
        "1,x,2\n\nSource: me\n",
        "1,x,2\n,,\n,,\n",
    ] {
        let (_folder, path) = file("t.csv", &format!("a,b,c\n{rows}{rest}"));
        let table = Table::read(&path, &ReadOptions::default()).unwrap();
        assert_eq!(table.rows(), 20_001, "{rest}");
        let last = table.column("b").unwrap().cells().last();
        assert_eq!(last.unwrap().category().as_deref(), Some("x"), "{rest}");
    }
    let error = refused(&format!("a,b,c\n{rows}1,2\n1,2,3\n"));
    assert!(
        error.contains("t.csv:20002: this row has 2 fields, the header 3"),
        "{error}"
    );
}

#[test]
fn tables_of_databases_and_markdown_are_read() {
    let rows = [
        ("x1", "x2", "y"),
        ("0.346", "0.07", "a"),
        ("0.822", "6.46", "b"),
        ("0.33", "7.2", "a"),
    ];
    let line = |(a, b, c): &(&str, &str, &str)| format!("| {a:<6} | {b:<5} | {c} |\n");
    let body: String = rows[1..].iter().map(line).collect();
    let header = line(&rows[0]);
    let rule = "+--------+-------+---+\n";
    same_as_plain(&format!("{header}|:-------|------:|:-:|\n{body}"));
    same_as_plain(&format!("{rule}{header}{rule}{body}{rule}"));
    same_as_plain(&format!(
        "{rule}{header}{rule}{body}{rule}3 rows in set (0.00 sec)\n"
    ));
    same_as_plain(
        "   x1   |  x2  | y \n--------+------+---\n 0.346  | 0.07 | a\n 0.822  | 6.46 | b\n 0.33   | 7.2  | a\n(3 rows)\n\n",
    );
    same_as_plain(
        "x1     x2    y\n------ ----- -\n 0.346  0.07 a\n 0.822  6.46 b\n 0.33   7.2  a\n",
    );
    // A row of missing values is a row.
    assert_eq!(read("a,b\n-,-\n1,2\n").rows(), 2);
}

#[test]
fn control_characters_may_delimit() {
    for delimiter in ["\u{1}", "\u{1f}"] {
        same_as_plain(&PLAIN.replace(',', delimiter));
    }
}

#[test]
fn marks_and_zeros_are_no_text() {
    let zeros = "\0".repeat(500);
    for text in [
        format!("\u{feff}\u{feff}{PLAIN}"),
        format!("{PLAIN}{zeros}"),
        format!("{}\u{1a}", PLAIN.replace('\n', "\r\n")),
        PLAIN.replace("0.822", "\u{feff}0.822"),
        format!("ï»¿{PLAIN}"),
    ] {
        same_as_plain(&text);
        let (_folder, path) = file("t.csv", &text);
        let table = Table::read(&path, &ReadOptions::default()).unwrap();
        assert_eq!(contents(&table), contents(&read(PLAIN)), "{text}");
    }
}

#[test]
fn quotes_may_be_escaped_or_single() {
    let quoted = |row: &str| format!("x,text,y\n{}", row.repeat(4));
    for text in [
        quoted("1,\"a \\\"red\\\", word\",2\n"),
        quoted("1,'a \"red\", word',2\n"),
        quoted("1,\"a \"\"red\"\", word\",2\n"),
    ] {
        let table = read(&text);
        assert_eq!(contents(&table)[1].1, ["a \"red\", word"; 4], "{text}");
    }
    let said = read(&quoted("1,red\\, word,2\n")).notes().join("");
    assert!(said.contains("backslashes"), "{said}");
    // Backslashes that stand for themselves.
    let paths = read(&quoted("1,\"C:\\red\\\",2\n"));
    assert_eq!(contents(&paths)[1].1[0], "C:\\red\\");
    let rows = "1,\"red\",2\n".repeat(10_000);
    let error = refused(&format!("x,text,y\n{rows}1,\"a \\\"b\\\", c\",2\n"));
    assert!(
        error.contains("t.csv:10002: this row has 4 fields")
            && error.contains("without a backslash"),
        "{error}"
    );
}

#[test]
fn one_column_that_looks_like_several_is_said() {
    for (text, word) in [
        ("x:y\n1:2\n2:3\n3:4\n", "--delimiter ':'"),
        (
            "\"x,y\"\n\"1,2\"\n\"2,3\"\n\"3,4\"\n",
            "remove the outer quotes",
        ),
        (
            "x     name     y\n1     Ada L    2\n2     Bob      3\n3     Cy J     4\n",
            "fixed widths",
        ),
    ] {
        let table = read(text);
        let notes = table.notes().join("");
        assert!(notes.contains(word), "{notes}");
        let error = table.no_column("y").to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn the_cure_fits_the_row() {
    for (text, word) in [
        (
            "a,b\n1,2,3\n4,5,6\n4,5,6\n",
            "semicolons between the fields",
        ),
        (
            "a,b,c\n1,2,3\n4,5,6\n\nname,age\nAda,36\n",
            "if another table begins here",
        ),
    ] {
        let error = refused(text);
        assert!(error.contains(word), "{error}");
    }
}

/// Texts without what the layouts give a meaning.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => (-1000..1000i32, 0..100u32).prop_map(|(a, b)| format!("{a}.{b:02}")),
        2 => "[a-z]{1,6}",
        1 => "[a-z]{1,3}[ ,;|\t\"\n][a-z]{1,3}",
        1 => Just(String::new()),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    (2..5usize).prop_flat_map(|columns| {
        let row = prop::collection::vec(field(), columns - 1);
        // The last column is never empty, so that no row is blank or short.
        let row = (row, -1000..1000i32).prop_map(|(mut row, last)| {
            row.push(format!("{last}"));
            row
        });
        prop::collection::vec(row, 3..12)
    })
}

fn written(rows: &[Vec<String>], delimiter: &str, before: &str, end: &str, after: &str) -> String {
    let quoted = |field: &String| {
        let special = field.is_empty() && delimiter == " "
            || field.contains([' ', ',', ';', '|', '\t', '"', '\n', '^', '~']);
        match special {
            true => format!("\"{}\"", field.replace('"', "\"\"")),
            false => field.clone(),
        }
    };
    let names = (0..rows[0].len()).map(|n| format!("name{n}"));
    let header: Vec<String> = names.collect();
    let mut text = before.to_string();
    for row in [&[header][..], rows].concat() {
        let fields: Vec<String> = row.iter().map(quoted).collect();
        text += &(fields.join(delimiter) + end);
    }
    text + after
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_table_has_the_same_cells_in_every_layout(
        rows in rows(),
        delimiter in prop::sample::select(vec![",", ";", "\t", "|", "^", "~", " ", ", ", "; "]),
        before in prop::sample::select(vec!["", "# made by hand\n", "Title\n\n", "\n"]),
        end in prop::sample::select(vec!["\n", "\r\n", "\n\n"]),
        after in prop::sample::select(vec!["", "\n\n", "\n#end"]),
    ) {
        // A delimiter that is often part of text does not win against one that seldom is.
        let is_weak = ["^", "~", " "].contains(&delimiter);
        let others = rows.iter().flatten().any(|value| value.contains([',', ';', '\t', '|']));
        prop_assume!(!(is_weak && others));
        let plain = written(&rows, ",", "", "\n", "");
        let plain = Table::from_reader("t", Cursor::new(plain), &ReadOptions::default()).unwrap();
        let text = written(&rows, delimiter, before, end, after);
        let table = Table::from_reader("t", Cursor::new(text.clone()), &ReadOptions::default());
        let table = table.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(contents(&table), contents(&plain), "{}", text);
        // Row by row, as with --on-error skip, it is the same.
        let options = ReadOptions { skip_bad_rows: true, ..ReadOptions::default() };
        let reader = TableReader::from_reader("t", Cursor::new(text), &options).unwrap();
        let count: usize = reader.map(|batch| batch.unwrap().num_rows()).sum();
        prop_assert_eq!(count, rows.len());
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a1#,;\t \"\n\r=sepTotal.]{0,80}", skip in any::<bool>()) {
        let options = ReadOptions { skip_bad_rows: skip, ..ReadOptions::default() };
        let _ = Table::from_reader("t", Cursor::new(text), &options);
    }
}
