//! Similar rows in SQLite: the vectors of `trainer embed` in a table of sqlite-vec, through `rusqlite`.
//!
//! ```text
//! trainer embed ames.safetensors crates/trainer/data/ames.csv.gz --keep Neighborhood,Sale_Price --out vectors.jsonl
//! cargo run --manifest-path examples/sqlite_vec/Cargo.toml -- vectors.jsonl
//! ```
//!
//! Each row is stored with its vector, with the same vector in 8-bit numbers, and with the columns that were kept. The
//! program prints the recall of three searches: the share of the ten nearest rows that they find. Then it prints the
//! rows most similar to one row, the first or that of a second argument. The database is in memory here;
//! `Connection::open` keeps it in a file.

use std::env;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

use rusqlite::{Connection, ToSql, params};
use serde_json::{Map, Value};

const NEIGHBORS: usize = 10;
/// The rows whose exact distances are computed after a search in 8-bit numbers.
const CANDIDATES: usize = 30;
const QUERIES: usize = 200;

/// A line of the file of vectors.
struct Row {
    /// The columns that were kept, as a JSON object.
    columns: String,
    vector: Vec<f32>,
}

fn read_row(line: &str) -> Result<Row, Box<dyn Error>> {
    let mut columns: Map<String, Value> = serde_json::from_str(line)?;
    let vector = columns
        .remove("embedding")
        .ok_or("there is no `embedding`; write the file with `trainer embed`")?;
    Ok(Row {
        vector: serde_json::from_value(vector)?,
        columns: Value::Object(columns).to_string(),
    })
}

fn read_rows(path: &str) -> Result<Vec<Row>, Box<dyn Error>> {
    let file = File::open(path).map_err(|error| format!("{path}: {error}"))?;
    let mut rows: Vec<Row> = Vec::new();
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line_number = index + 1;
        let row = read_row(&line?).map_err(|error| format!("{path}:{line_number}: {error}"))?;
        if let Some(first) = rows.first()
            && first.vector.len() != row.vector.len()
        {
            let message = "the vector and that of the first line have different lengths";
            return Err(format!("{path}:{line_number}: {message}").into());
        }
        rows.push(row);
    }
    if rows.len() <= NEIGHBORS {
        return Err(format!("{path}: more than {NEIGHBORS} rows are needed").into());
    }
    Ok(rows)
}

/// Moves and scales vectors into the range from -1 to 1, which `vec_quantize_int8` divides into 256 steps.
struct Scale {
    means: Vec<f32>,
    largest: f32,
}

impl Scale {
    fn fit(rows: &[Row]) -> Self {
        let mut means = vec![0.0; rows[0].vector.len()];
        for row in rows {
            for (mean, number) in means.iter_mut().zip(&row.vector) {
                *mean += number / rows.len() as f32;
            }
        }
        let mut largest = f32::MIN_POSITIVE;
        for row in rows {
            for (mean, number) in means.iter().zip(&row.vector) {
                largest = largest.max((number - mean).abs());
            }
        }
        Self { means, largest }
    }

    fn apply(&self, vector: &[f32]) -> Vec<f32> {
        let numbers = vector.iter().zip(&self.means);
        numbers
            .map(|(number, mean)| (number - mean) / self.largest)
            .collect()
    }
}

/// A vector as sqlite-vec reads it.
fn bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|n| n.to_ne_bytes()).collect()
}

/// Adds sqlite-vec to each connection that is opened from now on.
#[allow(unsafe_code)]
fn register_sqlite_vec() -> rusqlite::Result<()> {
    type Init = unsafe extern "C" fn(
        *mut rusqlite::ffi::sqlite3,
        *mut *mut std::ffi::c_char,
        *const rusqlite::ffi::sqlite3_api_routines,
    ) -> std::ffi::c_int;
    // SAFETY: sqlite-vec declares its entry point without arguments; in its C code it has those of `Init`, as SQLite
    // requires of an extension. There is no safe function for this in rusqlite or in sqlite-vec.
    let code = unsafe {
        let init: Init = std::mem::transmute(sqlite_vec::sqlite3_vec_init as *const ());
        rusqlite::ffi::sqlite3_auto_extension(Some(init))
    };
    match code {
        rusqlite::ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(code),
            None,
        )),
    }
}

/// A database with all rows, numbered from 1.
fn store(rows: &[Row], scale: &Scale) -> rusqlite::Result<Connection> {
    let mut database = Connection::open_in_memory()?;
    let dimensions = scale.means.len();
    database.execute_batch(&format!(
        "CREATE VIRTUAL TABLE vectors USING vec0(row INTEGER PRIMARY KEY, \
         embedding FLOAT[{dimensions}], small INT8[{dimensions}], +columns TEXT)"
    ))?;
    let transaction = database.transaction()?;
    {
        let mut insert = transaction.prepare(
            "INSERT INTO vectors(row, embedding, small, columns) \
             VALUES (?1, ?2, vec_quantize_int8(?3, 'unit'), ?4)",
        )?;
        for (number, row) in (1_i64..).zip(rows) {
            let small = bytes(&scale.apply(&row.vector));
            insert.execute(params![number, bytes(&row.vector), small, row.columns])?;
        }
    }
    transaction.commit()?;
    Ok(database)
}

#[derive(Clone, Copy)]
enum Search {
    /// By the distances of 32-bit numbers.
    Exact,
    /// By the distances of 8-bit numbers.
    Quantized,
    /// By 8-bit numbers for the candidates, which are sorted by their exact distances.
    Rescored,
}

impl Search {
    /// The numbers of the nearest rows, from 1, the nearest first.
    fn nearest(
        self,
        database: &Connection,
        scale: &Scale,
        vector: &[f32],
        count: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        let (exact, small) = (bytes(vector), bytes(&scale.apply(vector)));
        let (count, candidates) = (count as i64, CANDIDATES as i64);
        match self {
            Self::Exact => row_numbers(
                database,
                "SELECT row FROM vectors WHERE embedding MATCH ?1 AND k = ?2 ORDER BY distance",
                params![exact, count],
            ),
            Self::Quantized => row_numbers(
                database,
                "SELECT row FROM vectors WHERE small MATCH vec_quantize_int8(?1, 'unit') \
                 AND k = ?2 ORDER BY distance",
                params![small, count],
            ),
            Self::Rescored => row_numbers(
                database,
                "SELECT row FROM (SELECT row, embedding FROM vectors \
                 WHERE small MATCH vec_quantize_int8(?1, 'unit') AND k = ?2) \
                 ORDER BY vec_distance_l2(embedding, ?3) LIMIT ?4",
                params![small, candidates, exact, count],
            ),
        }
    }
}

fn row_numbers(
    database: &Connection,
    sql: &str,
    parameters: &[&dyn ToSql],
) -> rusqlite::Result<Vec<i64>> {
    let mut statement = database.prepare_cached(sql)?;
    let rows = statement.query_map(parameters, |row| row.get(0))?;
    rows.collect()
}

/// The share of the nearest rows that a search finds. The row itself does not count.
fn recall(
    database: &Connection,
    scale: &Scale,
    rows: &[Row],
    search: Search,
) -> rusqlite::Result<f64> {
    let (mut found, mut wanted) = (0, 0);
    for asked in (0..rows.len()).step_by(rows.len().div_ceil(QUERIES)) {
        let vector = &rows[asked].vector;
        let mut distances: Vec<f64> = rows
            .iter()
            .map(|row| squared_distance(&row.vector, vector))
            .collect();
        distances[asked] = f64::INFINITY;
        let mut sorted = distances.clone();
        sorted.sort_by(f64::total_cmp);
        // Of rows at the same distance, each is right. Distances in the database are 32-bit numbers.
        let farthest = sorted[NEIGHBORS - 1] * (1.0 + 1e-5);
        let nearest = search.nearest(database, scale, vector, NEIGHBORS + 1)?;
        let others = nearest
            .into_iter()
            .map(|number| number as usize - 1)
            .filter(|other| *other != asked);
        found += others
            .take(NEIGHBORS)
            .filter(|other| distances[*other] <= farthest)
            .count();
        wanted += NEIGHBORS;
    }
    Ok(found as f64 / wanted as f64)
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    let differences = a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b));
    differences.map(|difference| difference * difference).sum()
}

fn show_similar(database: &Connection, vector: &[f32]) -> Result<(), Box<dyn Error>> {
    let mut statement = database.prepare(
        "SELECT row, distance, columns FROM vectors WHERE embedding MATCH ?1 AND k = 5 \
         ORDER BY distance",
    )?;
    let mut rows = statement.query(params![bytes(vector)])?;
    while let Some(row) = rows.next()? {
        let (number, distance): (i64, f64) = (row.get(0)?, row.get(1)?);
        let columns: String = row.get(2)?;
        // Unlike `println!`, this is an error and no panic if nobody reads the output.
        writeln!(
            io::stdout(),
            "row {number:5}  distance {distance:7.3}  {columns}"
        )?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (path, asked) = match arguments.as_slice() {
        [path] => (path, 1),
        [path, row] => (path, row.parse::<usize>()?),
        _ => return Err("usage: sqlite_vec_example VECTORS.jsonl [ROW]".into()),
    };
    register_sqlite_vec()?;
    let rows = read_rows(path)?;
    let asked_row = asked.checked_sub(1).and_then(|index| rows.get(index));
    let asked_row = asked_row.ok_or(format!("ROW must be from 1 to {}", rows.len()))?;
    let scale = Scale::fit(&rows);
    let database = store(&rows, &scale)?;
    let mut out = io::stdout();
    writeln!(
        out,
        "{} rows with vectors of {} dimensions",
        rows.len(),
        scale.means.len()
    )?;

    let recall = |search| recall(&database, &scale, &rows, search);
    let (exact, quantized) = (recall(Search::Exact)?, recall(Search::Quantized)?);
    let rescored = recall(Search::Rescored)?;
    writeln!(out, "recall  exact {exact:.3}")?;
    writeln!(out, "recall  in 8-bit numbers {quantized:.3}")?;
    writeln!(
        out,
        "recall  in 8-bit numbers, then {CANDIDATES} rows exactly {rescored:.3}"
    )?;

    writeln!(out, "the rows most similar to row {asked}")?;
    show_similar(&database, &asked_row.vector)?;
    if exact < 1.0 || rescored < 0.95 {
        return Err("a search misses too many of the nearest rows".into());
    }
    Ok(())
}
