//! The arguments about a model and the table that it is used on, which several commands have.

use std::path::PathBuf;

use backburn::{
    CommandFiles, KeptColumns, OnError, Predictor, SelectedDevice, TableReader, open_rows,
    room_to_load,
};
use clap::Args as Arguments;
use clap::builder::NonEmptyStringValueParser as NonEmpty;

use super::table_args::ReadArgs;
use crate::device;
use crate::error::{Error, once_from_standard_input};

/// The argument about the device.
#[derive(Debug, Default, Clone, Arguments)]
pub struct DeviceArgs {
    /// The backend to compute on
    #[arg(long, value_name = "NAME", help = crate::device::HELP)]
    pub device: Option<String>,
}

impl DeviceArgs {
    /// The name of the backend, if one is asked for.
    pub fn name(&self) -> Option<&str> {
        self.device.as_deref()
    }
}

/// A model and a table. They are the last arguments of a command, since those about reading have a heading.
#[derive(Debug, Arguments)]
pub struct ModelArgs {
    /// The model file
    pub model: PathBuf,
    /// The table, as for `train`; - for standard input
    pub table: PathBuf,
    /// The target to use, of a model of several; for predict and evaluate also several with commas [default: all]
    #[arg(long, value_name = "COLUMN", value_parser = NonEmpty::new())]
    pub target: Option<String>,
    #[command(flatten)]
    pub device: DeviceArgs,
    /// Print the result as one JSON object on the last line of standard output
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub read: ReadArgs,
}

impl ModelArgs {
    /// The files that are read.
    pub fn files(&self) -> CommandFiles {
        CommandFiles::new().table(&self.table).model(&self.model)
    }

    /// Loads the model.
    pub fn predictor(&self) -> Result<Predictor, Error> {
        let device = self.device()?;
        Ok(Predictor::load_target(
            &self.model,
            self.target.as_deref(),
            device.get()?,
        )?)
    }

    /// Loads the models of all targets, or of the one that is named.
    pub fn predictors(&self) -> Result<Vec<Predictor>, Error> {
        let device = self.device()?;
        Ok(Predictor::load_targets(
            &self.model,
            self.target.as_deref(),
            device.get()?,
        )?)
    }

    /// Checks that the model can be loaded, onto the device that is returned.
    fn device(&self) -> Result<SelectedDevice, Error> {
        once_from_standard_input(&self.model, &self.table)?;
        let device = device::choose(self.device.name())?;
        room_to_load(&self.model)?;
        Ok(device)
    }
}

/// What is written of the rows of a table.
#[derive(Debug, Arguments)]
pub struct RowsArgs {
    /// Columns of the table to write too, before the others, with commas between them; may be repeated
    #[arg(long, value_name = "COLUMN,...", value_parser = NonEmpty::new())]
    pub keep: Vec<String>,
    /// Write all columns of the table too, before the others
    #[arg(long, conflicts_with = "keep")]
    pub keep_all: bool,
    /// What to do with a row that the model cannot use; with skip, the first column of the output is the row number
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    pub on_error: OnError,
}

impl RowsArgs {
    /// Whether bad rows are skipped.
    pub fn skips(&self) -> bool {
        self.on_error == OnError::Skip
    }

    /// Opens the table, and finds the columns that are kept.
    pub fn open(
        &self,
        on: &ModelArgs,
        predictor: &Predictor,
    ) -> Result<(TableReader, KeptColumns), Error> {
        let mut options = on.read.options();
        options.skip_bad_rows = self.skips();
        let keep = (!self.keep_all).then_some(self.keep.as_slice());
        Ok(open_rows(&on.table, predictor.model(), options, keep)?)
    }
}
