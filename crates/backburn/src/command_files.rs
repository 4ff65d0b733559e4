//! The files of a command: no output is an input or another output.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use backburn_table::table_files;

use crate::error::Error;
#[cfg(feature = "train")]
use crate::history_file::path_beside;
use crate::output_file::{followed, parent};
use crate::standard_output::standard_output;
use crate::text::path_argument;

/// The files that a command reads and writes, to be checked before any work. Two paths are the same file if
/// they lead to the same place on the disk, also through links.
///
/// ```
/// use std::path::Path;
/// use backburn::CommandFiles;
///
/// let files = CommandFiles::new()
///     .table(Path::new("houses.csv"))
///     .output("--out", Path::new("prices.csv"))
///     .output("--report", Path::new("./prices.csv"));
/// let error = files.check().unwrap_err().to_string();
/// assert_eq!(error, "--report is ./prices.csv, which --out is too");
/// ```
#[derive(Debug, Clone, Default)]
pub struct CommandFiles {
    inputs: Vec<CommandFile>,
    outputs: Vec<CommandFile>,
}

#[derive(Debug, Clone)]
struct CommandFile {
    path: PathBuf,
    /// Of an input, what it is, such as `the model`; of an output, its option, such as `--out`.
    role: String,
    place: Option<Place>,
    /// Whether it is a folder in which no other file of the command may be.
    is_folder: bool,
}

/// Checks that at most one of two files is standard input.
///
/// # Errors
///
/// Both are `-`.
pub fn once_from_standard_input(a: &Path, b: &Path) -> Result<(), Error> {
    match a == b && a == Path::new("-") {
        true => Err(Error::Config(
            "- is given twice, but standard input can be read only once".to_string(),
        )),
        false => Ok(()),
    }
}

/// A place on the disk.
#[derive(Debug, Clone, PartialEq)]
enum Place {
    /// A file or a folder that exists, by the numbers of its device and of its inode.
    #[cfg_attr(not(unix), expect(dead_code, reason = "such numbers are of Unix"))]
    Node(u64, u64),
    /// A name that does not exist yet in a folder.
    Free(Box<Place>, OsString),
    /// An absolute path, of which no more is known.
    Path(PathBuf),
}

impl CommandFiles {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a table that is read: a file, all files of a folder or of a pattern, or `-` for standard input.
    pub fn table(mut self, path: &Path) -> Self {
        // An error of the table is reported when it is read.
        let files = table_files(path).unwrap_or_else(|_| vec![path.to_path_buf()]);
        for file in &files {
            self = self.input("read as a table", file);
        }
        self
    }

    /// Adds any other file that is read. `role` says what it is, such as `the model`.
    pub fn input(mut self, role: &str, path: &Path) -> Self {
        self.inputs.push(CommandFile::new(role, path, "/dev/stdin"));
        self
    }

    /// Adds a saved model that is read, and the history beside it.
    #[cfg(feature = "train")]
    pub fn model(self, path: &Path) -> Self {
        let history = path_beside(path);
        let files = self.input("the model", path);
        files.input("the history of the model", &history)
    }

    /// Adds a file that is written; `-` is standard output. `role` is its option, such as `--out`.
    pub fn output(mut self, role: &str, path: &Path) -> Self {
        let file = CommandFile::new(role, path, "/dev/stdout");
        self.outputs.push(file);
        self
    }

    /// Adds a folder that is written, and in which no other file of the command may be.
    pub fn folder(mut self, role: &str, path: &Path) -> Self {
        let file = CommandFile::new(role, path, "/dev/stdout");
        self.outputs.push(CommandFile {
            is_folder: true,
            ..file
        });
        self
    }

    /// Adds standard output, to which the command prints. Whether that `is_result` decides whether standard output
    /// may be closed: a result must not be lost, and messages may be.
    pub fn printed(self, is_result: bool) -> Self {
        let path = match is_result {
            true => "-",
            false => "/dev/stdout",
        };
        self.output("the output", Path::new(path))
    }

    /// Compares each output with each input and with each other output, and checks that standard output is open if
    /// it is an output.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for two paths that lead to the same file, [`Error::Failed`] for a closed standard output.
    pub fn check(&self) -> Result<(), Error> {
        self.compare()?;
        let mut outputs = self.outputs.iter();
        match outputs.any(|output| output.path == Path::new("-")) {
            true => standard_output()
                .map(drop)
                .map_err(|error| Error::Failed(format!("the output cannot be written: {error}"))),
            false => Ok(()),
        }
    }

    fn compare(&self) -> Result<(), Error> {
        for (index, output) in self.outputs.iter().enumerate() {
            let name = |file: &CommandFile| match file.path == Path::new("-") {
                true => "standard output".to_string(),
                false => path_argument(&file.path),
            };
            let role = &output.role;
            for input in &self.inputs {
                if output.is(input) {
                    let (name, what) = (name(output), &input.role);
                    return Err(Error::Config(format!("{role} is {name}, which is {what}")));
                }
                if output.has(input) {
                    let (name, inside) = (name(output), name(input));
                    let text = format!("{role} is {name}, and {inside} in it is {}", input.role);
                    return Err(Error::Config(text));
                }
            }
            for other in &self.outputs[..index] {
                let (name, option) = (name(output), &other.role);
                if output.is(other) {
                    let text = format!("{role} is {name}, which {option} is too");
                    return Err(Error::Config(text));
                }
                if output.has(other) || other.has(output) {
                    let text = format!("{role} and {option}: one is in the folder of the other");
                    return Err(Error::Config(text));
                }
            }
        }
        Ok(())
    }
}

impl CommandFile {
    fn new(role: &str, path: &Path, standard: &str) -> Self {
        let place = match path == Path::new("-") {
            true => Path::new(standard),
            false => path,
        };
        Self {
            path: path.to_path_buf(),
            role: role.to_string(),
            place: place_of(place),
            is_folder: false,
        }
    }

    fn is(&self, other: &Self) -> bool {
        self.place.is_some() && self.place == other.place
    }

    /// Whether another file is in this folder.
    fn has(&self, other: &Self) -> bool {
        let followed = followed(&other.path).unwrap_or_else(|_| other.path.clone());
        self.is_folder && self.place.is_some() && self.place == place_of(parent(&followed))
    }
}

/// The place of a path; `None` for what is neither a file nor a folder, such as a terminal.
fn place_of(path: &Path) -> Option<Place> {
    if let Ok(about) = fs::metadata(path) {
        let is_plain = about.is_file() || about.is_dir();
        return is_plain.then(|| place_of_existing(path, &about));
    }
    let path = &followed(path).unwrap_or_else(|_| path.to_path_buf());
    let known = |folder: &Path| Some(place_of_existing(folder, &fs::metadata(folder).ok()?));
    Some(match (known(parent(path)), path.file_name()) {
        (Some(folder), Some(name)) => Place::Free(Box::new(folder), in_one_case(name.into())),
        _ => Place::Path(std::path::absolute(path).unwrap_or_else(|_| path.clone())),
    })
}

#[cfg(unix)]
fn place_of_existing(_: &Path, about: &fs::Metadata) -> Place {
    use std::os::unix::fs::MetadataExt;
    Place::Node(about.dev(), about.ino())
}

#[cfg(not(unix))]
fn place_of_existing(path: &Path, _: &fs::Metadata) -> Place {
    Place::Path(path.canonicalize().unwrap_or_else(|_| path.to_path_buf()))
}

/// A name in lower case on systems for which `a.csv` and `A.csv` are the same file.
fn in_one_case(name: OsString) -> OsString {
    match cfg!(any(windows, target_os = "macos")) {
        true => name.to_ascii_lowercase(),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error of an output and an input, or nothing.
    fn checked(input: &Path, output: &Path) -> String {
        let files = CommandFiles::new().table(input).output("--out", output);
        files
            .check()
            .map_or_else(|error| error.to_string(), |()| String::new())
    }

    #[cfg(unix)]
    #[test]
    fn an_output_is_no_input_through_links_either() {
        use std::os::unix::fs::symlink;
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        fs::write(path("t.csv"), "a\n1\n").unwrap();
        fs::create_dir(path("sub")).unwrap();
        fs::write(path("sub/part.csv"), "a\n1\n").unwrap();
        symlink("t.csv", path("link")).unwrap();
        symlink(place.path(), path("up")).unwrap();
        fs::hard_link(path("t.csv"), path("hard.csv")).unwrap();
        for other in ["t.csv", "link", "hard.csv", "up/t.csv", "./sub/../t.csv"] {
            for (input, output) in [("t.csv", other), (other, "t.csv")] {
                let text = checked(&path(input), &path(output));
                assert!(text.contains("which is read as a table"), "{other}: {text}");
            }
        }
        let text = checked(&path("sub"), &path("sub/part.csv"));
        assert!(text.contains("read as a table"), "{text}");
        let text = checked(&path("sub/*.csv"), &path("up/sub/part.csv"));
        assert!(text.contains("read as a table"), "{text}");
        assert_eq!(checked(&path("t.csv"), &path("sub/t.csv")), "");
        assert_eq!(checked(Path::new("/dev/null"), Path::new("/dev/null")), "");
    }

    #[cfg(unix)]
    #[test]
    fn files_that_are_not_there_yet_are_compared_too() {
        use std::os::unix::fs::symlink;
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        symlink("m.html", path("link")).unwrap();
        symlink(place.path(), path("here")).unwrap();
        let both = |a: &str, b: &str| {
            let files = CommandFiles::new().output("--out", &path(a));
            files.output("--report", &path(b)).check()
        };
        for (a, b) in [
            ("m.html", "m.html"),
            ("m.html", "./m.html"),
            ("m.html", "link"),
            ("here/m.html", "m.html"),
            ("no/m.html", "no/m.html"),
        ] {
            assert!(both(a, b).is_err(), "{a} {b}");
        }
        assert!(both("m.html", "n.html").is_ok());
        assert!(both("m.html", "no/m.html").is_ok());
    }

    #[test]
    fn the_folder_of_checkpoints_has_no_other_file() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("run");
        let files = CommandFiles::new().output("--out", &run.join("m.safetensors"));
        assert!(files.clone().folder("--checkpoint", &run).check().is_err());
        fs::create_dir(&run).unwrap();
        assert!(files.clone().folder("--checkpoint", &run).check().is_err());
        let beside = place.path().join("run2");
        assert!(files.folder("--checkpoint", &beside).check().is_ok());
    }
}
