//! Notes on how a file was read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Notes, which readers add to while they read. Clones share one list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<Note>>>);

#[derive(Debug)]
struct Note {
    text: String,
    /// The files of the table that it is about; none if it is about the whole table.
    files: BTreeSet<String>,
}

impl Notes {
    /// Adds a note about the table, unless it is there already.
    pub fn add(&self, text: String) {
        self.entry(text, None);
    }

    /// Adds a note about one of the files of a table.
    pub fn add_of_file(&self, file: &str, text: String) {
        self.entry(text, Some(file));
    }

    fn entry(&self, text: String, file: Option<&str>) {
        /// Different notes, at most: a folder may hold a million files.
        const MAX_NOTES: usize = 1000;
        let mut all = self.lock();
        let same = |note: &Note| note.text == text && note.files.is_empty() == file.is_none();
        let position = all.iter().position(same);
        let files = file.into_iter().map(str::to_string);
        match position {
            Some(position) => all[position].files.extend(files),
            None if all.len() == MAX_NOTES => {}
            None => {
                let files = files.collect();
                all.push(Note { text, files });
            }
        }
    }

    /// The notes as sentences. Those that are the same for several files are one.
    pub fn all(&self) -> Vec<String> {
        let all = self.lock();
        let sentences = all.iter().map(|Note { text, files }| {
            match (files.first(), files.len().saturating_sub(1)) {
                (None, _) => text.clone(),
                (Some(file), 0) => format!("{file}: {text}"),
                (Some(file), 1) => format!("{file} and another file: {text}"),
                (Some(file), more) => format!("{file} and {more} other files: {text}"),
            }
        });
        sentences.collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Note>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was found out about the layout of a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct LayoutInfo {
    pub notes: Notes,
    /// The byte between the fields of a row of a text file.
    pub delimiter: Option<u8>,
    /// Names that the header has more than once.
    pub repeated_names: Vec<String>,
    /// Whether the header looks like a row.
    pub header_looks_like_data: bool,
    /// What the lines of a file of one column look like, if they look like several columns.
    pub one_column: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::Notes;

    #[test]
    fn a_note_on_several_files_is_one_sentence() {
        let notes = Notes::default();
        notes.add("of all".to_string());
        notes.add("of all".to_string());
        for file in ["b.csv", "a.csv", "c.csv", "a.csv"] {
            notes.add_of_file(file, "1 comment line is left out".to_string());
        }
        notes.add_of_file("a.csv", "rows are short".to_string());
        assert_eq!(
            notes.all(),
            [
                "of all",
                "a.csv and 2 other files: 1 comment line is left out",
                "a.csv: rows are short"
            ]
        );
    }
}
