//! One table, written in every layout, encoding, kind of file and convention: the models are equal.

use std::io::Write;

use backburn::{
    Config, Dataset, Estimator, FitContext, FittedModel, Members, Preset, ReadOptions, SavedModel,
    Table,
};
use flate2::Compression;
use flate2::write::GzEncoder;

const ROWS: usize = 90;

/// A house: its size, its lot, whether it has a garden, when it was sold, its street and its price.
struct House {
    size: f64,
    lot: u32,
    garden: bool,
    sold: (u32, u32, u32),
    street: &'static str,
    price: f64,
}

/// Values of every kind, by a generator of pseudo-random numbers.
fn houses(seed: u64) -> Vec<House> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = move |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % n
    };
    let mut house = || {
        let size = below(40_000) as f64 / 100.0 - 100.0;
        let street = ["north", "south", "east"][below(3) as usize];
        House {
            size,
            lot: 1_000 + below(2_000_000) as u32,
            garden: below(2) == 1,
            sold: (
                2001 + below(20) as u32,
                1 + below(12) as u32,
                1 + below(28) as u32,
            ),
            street,
            price: 250_000.5 + size * 400.0 + street.len() as f64 * 5_000.0,
        }
    };
    (0..ROWS).map(|_| house()).collect()
}

/// How numbers and dates are written.
struct Convention {
    decimal: char,
    thousands: &'static str,
    prefix: &'static str,
    suffix: &'static str,
    date: fn((u32, u32, u32)) -> String,
}

const PLAIN: Convention = Convention {
    decimal: '.',
    thousands: "",
    prefix: "",
    suffix: "",
    date: |(year, month, day)| format!("{year}-{month:02}-{day:02}"),
};

impl Convention {
    fn number(&self, value: f64, decimals: usize) -> String {
        let text = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                grouped += self.thousands;
            }
            grouped.push(digit);
        }
        if decimals > 0 {
            grouped.push(self.decimal);
            grouped += fraction;
        }
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}{}{grouped}{}", self.prefix, self.suffix)
    }
}

/// The fields of each row, the header first.
fn fields(houses: &[House], convention: &Convention) -> Vec<Vec<String>> {
    let names = ["size", "lot", "garden", "sold", "street", "price"];
    let mut rows = vec![names.map(str::to_string).to_vec()];
    rows.extend(houses.iter().map(|house| {
        vec![
            convention.number(house.size, 2),
            convention.number(f64::from(house.lot), 0),
            house.garden.to_string(),
            (convention.date)(house.sold),
            house.street.to_string(),
            convention.number(house.price, 1),
        ]
    }));
    rows
}

fn joined(rows: &[Vec<String>], delimiter: &str, end: &str) -> String {
    let line = |row: &Vec<String>| row.join(delimiter) + end;
    rows.iter().map(line).collect()
}

fn fit(name: &str, bytes: impl Into<Vec<u8>>) -> FittedModel {
    let bytes = std::io::Cursor::new(bytes.into());
    let table = Table::from_reader("t.csv", bytes, &ReadOptions::default());
    let table = table.unwrap_or_else(|error| panic!("{name}: {error}"));
    let data = Dataset::new(table, "price", &Default::default());
    let data = data.unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut config = Config::preset(Preset::Fast);
    config.training.epochs = 3;
    config.ensemble.members = Members::Exactly(1);
    let fitted = Estimator::new(config).fit(&data, &FitContext::default());
    fitted.unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn bytes(model: &SavedModel) -> Vec<u8> {
    model.to_bytes().unwrap()
}

fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some('\u{feff}');
    let units = mark.into_iter().chain(text.chars());
    let units: Vec<u16> = units.collect::<String>().encode_utf16().collect();
    let unit = |unit: &u16| match little {
        true => unit.to_le_bytes(),
        false => unit.to_be_bytes(),
    };
    units.iter().flat_map(unit).collect()
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn layouts_encodings_and_compression_give_the_bytes_of_plain_csv() {
    for seed in [1, 2] {
        let rows = fields(&houses(seed), &PLAIN);
        let plain = joined(&rows, ",", "\n");
        let quoted = |row: &Vec<String>| format!("\"{}\"\n", row.join("\",\""));
        let expected = bytes(fit("plain", plain.clone()).model());
        let variants: Vec<(&str, Vec<u8>)> = vec![
            ("semicolons", joined(&rows, ";", "\n").into()),
            ("tabs", joined(&rows, "\t", "\n").into()),
            ("bars", joined(&rows, "|", "\n").into()),
            ("carets", joined(&rows, "^", "\n").into()),
            ("tildes", joined(&rows, "~", "\n").into()),
            ("one space", joined(&rows, " ", "\n").into()),
            ("several spaces", joined(&rows, "   ", "\n").into()),
            ("carriage returns", joined(&rows, ",", "\r\n").into()),
            ("no line end at the end", plain.trim_end().into()),
            ("quotes", rows.iter().map(quoted).collect::<String>().into()),
            ("quotes after spaces", joined(&rows, ", ", "\n").into()),
            ("a delimiter behind", joined(&rows, ",", ",\n").into()),
            ("blank lines", plain.replace('\n', "\n\n").into()),
            (
                "sep=",
                format!("sep=;\n{}", joined(&rows, ";", "\n")).into(),
            ),
            ("a title", format!("Houses of the town\n\n{plain}").into()),
            ("a comment", format!("# exported in May\n{plain}").into()),
            (
                "a footer",
                format!("{plain}Source: the land registry\n").into(),
            ),
            ("a mark", format!("\u{feff}{plain}").into()),
            ("UTF-16, little endian, marked", utf16(&plain, true, true)),
            ("UTF-16, big endian, marked", utf16(&plain, false, true)),
            ("UTF-16, little endian", utf16(&plain, true, false)),
            ("UTF-16, big endian", utf16(&plain, false, false)),
            ("gzip", gzipped(&plain)),
            ("padded gzip", [gzipped(&plain), vec![0; 600]].concat()),
            ("gzip of UTF-16", gzipped(&joined(&rows, ";", "\r\n"))),
        ];
        for (name, variant) in variants {
            let found = bytes(fit(name, variant).model());
            assert!(found == expected, "{name}: another model");
        }
    }
}

#[test]
fn json_lines_give_the_bytes_of_plain_csv() {
    let houses = houses(3);
    let expected = bytes(fit("plain", joined(&fields(&houses, &PLAIN), ",", "\n")).model());
    let line = |house: &House| {
        format!(
            "{{\"size\": {:.2}, \"lot\": {}, \"garden\": {}, \"sold\": \"{}\", \"street\": \"{}\", \
             \"price\": {:.1}}}\n",
            house.size,
            house.lot,
            house.garden,
            (PLAIN.date)(house.sold),
            house.street,
            house.price
        )
    };
    let json: String = houses.iter().map(line).collect();
    assert!(bytes(fit("JSON", json).model()) == expected);
}

/// The model without how the text is read, which a model keeps.
fn without_format(model: &FittedModel) -> Vec<u8> {
    bytes(&SavedModel {
        format: Default::default(),
        ..model.model().clone()
    })
}

#[test]
fn conventions_of_numbers_and_dates_give_the_model_of_plain_csv() {
    type Date = (u32, u32, u32);
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let day_first: fn(Date) -> String = |(y, m, d)| format!("{d:02}.{m:02}.{y}");
    let month_first: fn(Date) -> String = |(y, m, d)| format!("{m}/{d}/{y}");
    let named: fn(Date) -> String = |(y, m, d)| format!("{d}-{}-{y}", MONTHS[m as usize - 1]);
    let spelled: fn(Date) -> String = |(y, m, d)| format!("{} {d}, {y}", MONTHS[m as usize - 1]);
    let offset: fn(Date) -> String = |(y, m, d)| format!("{y}-{m:02}-{d:02} 00:00:00+00");
    let convention = |decimal, thousands, prefix, suffix, date| Convention {
        decimal,
        thousands,
        prefix,
        suffix,
        date,
    };
    let conventions = [
        convention(',', "", "", "", day_first),
        convention(',', ".", "", "", day_first),
        convention(',', " ", "", " €", named),
        convention(',', "\u{202f}", "", "", offset),
        convention('.', ",", "$", "", month_first),
        convention('.', ",", "US$ ", "", spelled),
        convention('.', "'", "CHF ", "", day_first),
        convention('.', "", "", " kg", named),
        convention('.', ",", "", "%", month_first),
    ];
    for seed in [4, 5] {
        let houses = houses(seed);
        let expected = without_format(&fit("plain", joined(&fields(&houses, &PLAIN), ";", "\n")));
        for convention in &conventions {
            let rows = fields(&houses, convention);
            let name = rows[1].join(" ; ");
            let model = fit(&name, joined(&rows, ";", "\n"));
            assert!(without_format(&model) == expected, "{name}: another model");
            let again = Table::from_reader(
                "t.csv",
                std::io::Cursor::new(joined(&rows[..2], ";", "\n")),
                &ReadOptions::default(),
            );
            let alone = model.predict(again.unwrap()).unwrap();
            let all = model.predict(table(&joined(&rows, ";", "\n"))).unwrap();
            assert_eq!(alone.labels()[0], all.labels()[0], "{name}");
        }
    }
}

fn table(text: &str) -> Table {
    let bytes = std::io::Cursor::new(text.to_string());
    Table::from_reader("t.csv", bytes, &ReadOptions::default()).unwrap()
}
