//! Folders that are a table or a database of another kind than a folder of files.

/// What a folder is, in words, and what to do, by the names in it; `None` if its files may be a table.
pub(crate) fn folder_kind<'a>(
    names: impl Iterator<Item = &'a str> + Clone,
) -> Option<(&'static str, &'static str)> {
    let has = |name: &str| names.clone().any(|other| other == name);
    let begins = |start: &str| names.clone().any(|name| name.starts_with(start));
    match () {
        () if has("_delta_log") => Some((
            "a Delta table, some of whose files hold deleted rows",
            "write its rows as Parquet (in Python: deltalake.DeltaTable(FILE).to_pandas().to_parquet(\"table.parquet\"))",
        )),
        () if has(".hoodie") => Some((
            "a Hudi table, some of whose files hold replaced rows",
            "write its rows as Parquet with Spark",
        )),
        () if has("metadata") && has("data") => Some((
            "an Iceberg table, some of whose files may hold deleted rows",
            "write its rows as Parquet; if they are plain files of one table, pass the folder `data` in it",
        )),
        () if has("CURRENT") && begins("MANIFEST-") => Some((
            "a LevelDB or RocksDB database",
            "write its values as CSV or JSON lines",
        )),
        () if has(".zgroup") || has(".zarray") || has("zarr.json") => Some((
            "a Zarr store of arrays",
            "write the table as Parquet (in Python: xarray.open_zarr(FILE).to_dataframe().to_parquet(\"table.parquet\"))",
        )),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::folder_kind;

    #[test]
    fn databases_are_known_by_the_names_in_them() {
        for (names, word) in [
            (&["_delta_log", "part-0.parquet"][..], "Delta"),
            (&[".hoodie", "part-0.parquet"], "Hudi"),
            (&["metadata", "data"], "Iceberg"),
            (
                &["000005.ldb", "CURRENT", "LOCK", "MANIFEST-000004"],
                "LevelDB",
            ),
            (&[".zgroup", "x"], "Zarr"),
        ] {
            let (what, _) = folder_kind(names.iter().copied()).unwrap();
            assert!(what.contains(word), "{what}");
        }
        for names in [&["1.csv", "_SUCCESS"][..], &["data"], &["metadata"], &[]] {
            assert_eq!(folder_kind(names.iter().copied()), None);
        }
    }
}
