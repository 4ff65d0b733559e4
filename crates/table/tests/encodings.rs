//! Text in other encodings than UTF-8 is read, or named with the option that reads it.

use std::io::Cursor;

use backburn_table::{ReadOptions, Table};

/// The columns, and the cells of each as text.
fn contents(table: &Table) -> Vec<(String, Vec<String>)> {
    let columns = table.columns().map(|name| {
        let cells = table.column(name).unwrap().cells();
        let cells = cells.map(|cell| cell.category().unwrap_or_default().into_owned());
        (name.to_string(), cells.collect())
    });
    columns.collect()
}

#[test]
fn encodings_are_guessed_by_the_text() {
    let text = "город,y\n".to_string() + &"Москва,1\nТверь,2\nКазань,3\n".repeat(20);
    let encoded = |name: &str| -> Vec<u8> {
        let offset = |c: char| match c {
            // Windows-1251 and ISO-8859-5 have the letters in the order of Unicode.
            'а'..='я' | 'А'..='Я' if name == "windows-1251" => (c as u32 - 0x410 + 0xc0) as u8,
            'а'..='я' | 'А'..='Я' => (c as u32 - 0x410 + 0xb0) as u8,
            c => c as u8,
        };
        text.chars().map(offset).collect()
    };
    for name in ["windows-1251", "iso-8859-5"] {
        let bytes = encoded(name);
        let read = |options: &ReadOptions| {
            Table::from_reader("t.csv", Cursor::new(bytes.clone()), options)
        };
        let error = read(&ReadOptions::default()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("it may be {name}")) && error.contains("город"),
            "{error}"
        );
        let options = ReadOptions {
            encoding: Some(name.parse().unwrap()),
            ..ReadOptions::default()
        };
        assert_eq!(contents(&read(&options).unwrap())[0].0, "город");
    }
}

#[test]
fn other_encodings_are_read_and_named() {
    let text = "größe,preis\n1,ä\n2,ö\n";
    let plain = Table::from_reader("t", Cursor::new(text), &ReadOptions::default());
    let plain = contents(&plain.unwrap());
    for to_bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(to_bytes).collect();
        let table = Table::from_reader("t", Cursor::new(bytes), &ReadOptions::default());
        assert_eq!(contents(&table.unwrap()), plain);
    }
    let latin1: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let error = Table::from_reader("t", Cursor::new(latin1.clone()), &ReadOptions::default());
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("t:1: field 1 is not UTF-8 text") && error.contains("--encoding"),
        "{error}"
    );
    let options = ReadOptions {
        encoding: Some("latin1".parse().unwrap()),
        ..ReadOptions::default()
    };
    let table = Table::from_reader("t", Cursor::new(latin1), &options).unwrap();
    assert_eq!(contents(&table), plain);
    let binary: Vec<u8> = (0..=255).cycle().take(1000).collect();
    let error = Table::from_reader("t", Cursor::new(binary), &ReadOptions::default());
    assert!(error.unwrap_err().to_string().contains("binary"));
}
