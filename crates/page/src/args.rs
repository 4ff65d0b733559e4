//! The arguments of a command that serves the page.

use std::path::PathBuf;

use crate::error::PageError;
use crate::site::Site;

/// The arguments of a command that serves the page.
#[derive(Debug, Clone, clap::Args)]
pub struct PlaygroundArgs {
    /// The port to listen on, on this computer only; 0 is any free port
    #[arg(long, value_name = "N", default_value_t = 8321)]
    pub port: u16,
    /// Open the page in the browser
    #[arg(long)]
    pub open: bool,
    /// Serve the page in this folder [default: the page that was built into the program]
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

impl PlaygroundArgs {
    /// The page to serve.
    ///
    /// # Errors
    ///
    /// Those of [`Site::built_in`], or with a folder, those of [`Site::read`].
    pub fn site(&self) -> Result<Site, PageError> {
        match &self.folder {
            Some(folder) => Site::read(folder),
            None => Site::built_in(),
        }
    }
}
