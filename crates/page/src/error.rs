//! Why a page cannot be served.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a page cannot be served.
#[derive(Debug, Error)]
pub enum PageError {
    /// The page was not there when the program was compiled.
    #[error(
        "this program was built without the page. In a clone of the repository, run `crates/playground/build.sh` and \
         build the program again; or build the page with `crates/playground/build.sh FOLDER` and serve it with \
         `--folder FOLDER`"
    )]
    NotBuiltIn,
    /// A folder or a file of the page cannot be read.
    #[error("{} cannot be read: {error}", .path.display())]
    Unreadable {
        /// The folder or the file.
        path: PathBuf,
        /// The error of the system.
        error: io::Error,
    },
    /// A folder without a page.
    #[error(
        "{} is not the folder of a page: it has no index.html. `crates/playground/build.sh FOLDER` writes such a folder",
        .0.display()
    )]
    NoPage(PathBuf),
    /// A folder with more than a page has.
    #[error(
        "{} is not the folder of a page: it has more than {files} files, or more than {megabytes} MB", .path.display()
    )]
    TooLarge {
        /// The folder.
        path: PathBuf,
        /// The largest number of files.
        files: usize,
        /// The largest size.
        megabytes: usize,
    },
    /// The port cannot be used.
    #[error("port {port} cannot be used: {error}; `--port 0` takes any free port")]
    Port {
        /// The port.
        port: u16,
        /// The error of the system.
        error: io::Error,
    },
}
