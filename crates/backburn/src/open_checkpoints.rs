//! The checkpoints of a command: in the folder of the run to resume, in a new folder, or beside the model.

use std::path::{Path, PathBuf};

use crate::checkpoints::{Checkpoints, folder_error};
use crate::command_words::resume_command;
use crate::error::Error;
use crate::run_description::RunDescription;
use crate::run_folder::{FolderError, RunFolder};
use crate::text::{path_argument, path_name, quoted};

/// What a command says about its checkpoints.
#[derive(Debug, Clone)]
pub struct CheckpointOptions<'a> {
    /// The folder of the run to resume.
    pub resume: Option<&'a Path>,
    /// The folder of a new run.
    pub folder: Option<&'a Path>,
    /// Whether a run is resumed although its inputs have changed.
    pub accept_changes: bool,
    /// The folder that is used if neither is named and the run takes long.
    pub beside: PathBuf,
    /// The target.
    pub target: &'a str,
    /// How the program is called, for the command that resumes a run.
    pub program: &'a str,
}

/// What is said about the checkpoints of a run: a heading and a text.
type Said = (&'static str, String);

impl Checkpoints<'_> {
    /// Opens the folder of the run to resume or a new folder, or sets the one beside the model. `now` describes the run
    /// as it is now. Returns the checkpoints, and what to say about them under a short heading.
    ///
    /// # Errors
    ///
    /// The run to resume has changed and changes are not accepted, the folder of a new run has an unfinished one, or a
    /// folder cannot be used.
    pub fn open(
        self,
        options: &CheckpointOptions,
        now: impl Fn() -> Result<RunDescription, Error>,
    ) -> Result<(Self, Option<Said>), Error> {
        match (options.resume, options.folder) {
            (Some(path), _) => {
                let (folder, run) = RunDescription::open(path)?;
                let changed = run.check(&now()?, path, options.accept_changes);
                let changed = changed.map_err(|error| {
                    let hint = "to resume it with these changes, add --accept-changes";
                    Error::Failed(format!("{error}\n{hint}"))
                })?;
                let words = run.arguments().map(|word| quoted(&word.to_string_lossy()));
                let words = words.collect::<Vec<_>>().join(" ");
                let text = format!("train {words}");
                let checkpoints = self.changed(changed).in_folder(folder)?;
                Ok((checkpoints, Some(("resumed", text))))
            }
            (None, Some(path)) => {
                let folder = RunFolder::create(path).map_err(|error| match error {
                    FolderError::Unfinished => {
                        let (path, argument) = (path_name(path), path_argument(path));
                        Error::Failed(format!(
                            "{path}: it has an unfinished run: continue it with --resume {argument}, or remove \
                             the folder"
                        ))
                    }
                    error => folder_error(path, &error),
                })?;
                Ok((self.in_folder(folder)?, None))
            }
            (None, None) => {
                let beside = &options.beside;
                let note = RunDescription::read(beside)
                    .ok()
                    .filter(|run| run.is_of(options.target))
                    .map(|run| {
                        let command = resume_command(options.program, beside, run.outputs());
                        let folder = path_argument(beside);
                        let text =
                            format!("an unfinished run is in {folder}: to resume it, {command}");
                        ("note", text)
                    });
                Ok((self.or_in(beside.clone()), note))
            }
        }
    }
}
