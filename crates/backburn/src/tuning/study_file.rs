//! The file of a search: the results of its networks, with which it is resumed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use toml::Table;

use super::space::Values;
use crate::config::Config;
use crate::error::Error;
use crate::output_file::OutputFile;
use crate::read_text::read_text_file;
use crate::run_description::RunDescription;
use crate::text::{path_argument, path_name};
use crate::warning::Warning;

const VERSION: u64 = 1;
/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 28;
/// The settings of the section `data` that trials of a fit choose if they are `auto`.
const CHOSEN: [&str; 2] = ["knn_features", "target_transform"];

/// The results of a search, in a file of JSON lines. The first line describes the run, each other line is the result
/// of a network. The file is rewritten with each result, completely or not at all.
#[derive(Debug)]
pub struct StudyFile {
    path: Option<PathBuf>,
    run: Option<RunDescription>,
    results: Vec<NetworkResult>,
    /// Whether the last line of the file was cut off, and is left out.
    is_cut_off: bool,
}

/// The result of a network of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworkResult {
    /// The search: `tuning`, or that of an outer fold.
    pub search: String,
    /// The fold that was left out, from 0.
    pub fold: usize,
    /// The settings of the trial.
    pub settings: Values,
    /// The error on the fold; `None` if the network could not be trained.
    pub error: Option<f64>,
    /// The time since the result before, in seconds.
    pub seconds: f64,
}

impl NetworkResult {
    /// The settings that trials of the fit chose before a search. It has no error.
    pub fn chosen(search: &str, config: &Config, took: Duration) -> Self {
        let data = Table::try_from(config.data).unwrap_or_default();
        let settings = data.into_iter();
        let settings = settings.filter(|(name, _)| CHOSEN.contains(&name.as_str()));
        Self {
            search: chosen_by(search),
            fold: 0,
            settings: settings
                .map(|(name, value)| (format!("data.{name}"), value))
                .collect(),
            error: None,
            seconds: took.as_secs_f64(),
        }
    }
}

/// The name under which the settings are kept that were chosen before a search.
fn chosen_by(search: &str) -> String {
    format!("{search}-chosen")
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    backburn_study: u64,
    run: RunDescription,
}

impl StudyFile {
    /// No file: a search that cannot be resumed.
    pub fn none() -> Self {
        Self {
            path: None,
            run: None,
            results: Vec::new(),
            is_cut_off: false,
        }
    }

    /// Opens the file of a search, to resume it if it is there. `run` describes all that its results depend on.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written, is no study, is damaged, or is the study of a run with other settings or
    /// another table.
    pub fn open(path: &Path, run: RunDescription) -> Result<Self, Error> {
        let failed = |reason: String| Error::Failed(format!("{}: {reason}", path_name(path)));
        let is_new = !path.exists() || std::fs::metadata(path).is_ok_and(|about| about.len() == 0);
        let (results, is_cut_off) = match is_new {
            true => (Vec::new(), false),
            false => {
                let text = read_text_file(path, LARGEST).map_err(|e| failed(e.to_string()))?;
                let (start, results, is_cut_off) = parsed(&text).map_err(failed)?;
                start.run.check(&run, path, false).map_err(|error| {
                    let argument = path_argument(path);
                    let hint = format!(
                        "to begin a new search, choose another --out, or remove {argument}"
                    );
                    Error::Failed(format!("{error}\n{hint}"))
                })?;
                (results, is_cut_off)
            }
        };
        OutputFile::check(path).map_err(|error| failed(error.to_string()))?;
        Ok(Self {
            path: Some(path.to_path_buf()),
            run: Some(run),
            results,
            is_cut_off,
        })
    }

    /// A warning if the last line was cut off. Its network is trained again.
    pub fn warning(&self) -> Option<Warning> {
        let path = self.path.as_deref().filter(|_| self.is_cut_off)?;
        Some(Warning::StudyCutOff {
            file: path_name(path),
            results: self.results.len(),
        })
    }

    /// The number of results that it has.
    pub fn results(&self) -> usize {
        self.results.len()
    }

    /// The result of a network, if it is known.
    pub(crate) fn result(
        &self,
        search: &str,
        fold: usize,
        settings: &Values,
    ) -> Option<&NetworkResult> {
        self.results.iter().find(|result| {
            result.search == search && result.fold == fold && result.settings == *settings
        })
    }

    /// The settings that trials of the fit chose before a search, if they are known.
    pub(crate) fn chosen(&self, search: &str) -> Option<&NetworkResult> {
        let name = chosen_by(search);
        self.results.iter().find(|result| result.search == name)
    }

    /// Adds a result.
    ///
    /// # Errors
    ///
    /// The file cannot be written; the old one is unchanged.
    pub(crate) fn add(&mut self, result: NetworkResult) -> Result<(), Error> {
        self.results.push(result);
        let (Some(path), Some(run)) = (&self.path, &self.run) else {
            return Ok(());
        };
        let start = Start {
            backburn_study: VERSION,
            run: run.clone(),
        };
        let write = || -> std::io::Result<()> {
            let mut file = OutputFile::create(path)?;
            writeln!(file, "{}", serde_json::to_string(&start)?)?;
            for result in &self.results {
                writeln!(file, "{}", serde_json::to_string(result)?)?;
            }
            file.commit()
        };
        write().map_err(|error: std::io::Error| {
            Error::Failed(format!(
                "{}: the study is not saved: {error}",
                path_name(path)
            ))
        })
    }
}

/// The first line of a study, the results, and whether the last line was cut off, which is left out then.
fn parsed(text: &str) -> Result<(Start, Vec<NetworkResult>, bool), String> {
    let last = text.lines().count();
    let mut lines = text.lines();
    let first: serde_json::Value = serde_json::from_str(lines.next().unwrap_or_default())
        .map_err(|_| "it is not a study: choose another file".to_string())?;
    match first.get("backburn_study").map(|version| version.as_u64()) {
        None => return Err("it is not a study: choose another file".to_string()),
        Some(Some(VERSION)) => {}
        Some(_) => return Err("this program does not read this version of the format".to_string()),
    }
    let start = serde_json::from_value(first).map_err(|error| format!("line 1: {error}"))?;
    let (mut results, mut is_cut_off) = (Vec::new(), false);
    for (line, number) in lines.zip(2..) {
        match serde_json::from_str(line) {
            Ok(result) => results.push(result),
            Err(error) if error.is_eof() && number == last => is_cut_off = true,
            Err(_) => return Err(format!("line {number} is not the result of a network")),
        }
    }
    Ok((start, results, is_cut_off))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(fold: usize, error: Option<f64>) -> NetworkResult {
        NetworkResult {
            search: "tuning".to_string(),
            fold,
            settings: Values::from([("network.dropout".to_string(), 0.1.into())]),
            error,
            seconds: 1.5,
        }
    }

    #[test]
    fn a_result_survives_being_written_and_read() {
        for error in [Some(0.1 + 0.2), None] {
            let before = result(3, error);
            let text = serde_json::to_string(&before).unwrap();
            let after: NetworkResult = serde_json::from_str(&text).unwrap();
            assert_eq!(after, before);
        }
    }

    #[test]
    fn what_is_no_study_is_refused() {
        for (text, message) in [
            ("a,b\n1,2\n", "it is not a study"),
            ("{\"backburn_history\":1}\n", "it is not a study"),
            ("{\"backburn_study\":2}\n", "this version"),
            ("{\"backburn_study\":1}\n", "line 1: missing field"),
        ] {
            let Err(error) = parsed(text) else {
                panic!("{text} was read");
            };
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn a_last_line_that_was_cut_off_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.tuning.jsonl");
        let table = backburn_table::Table::from_reader(
            "t",
            "x,y\n1,2\n2,3.5\n3,5\n".as_bytes(),
            &Default::default(),
        );
        let data = crate::dataset::Dataset::new(table.unwrap(), "y", &Default::default()).unwrap();
        let tuner = crate::tuning::Tuner::new(Config::default());
        let run = tuner.describe(&data, &Default::default()).unwrap();
        let mut file = StudyFile::open(&path, run.clone()).unwrap();
        for fold in 0..3 {
            file.add(result(fold, Some(1.0))).unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let open = |text: &str| {
            std::fs::write(&path, text).unwrap();
            StudyFile::open(&path, run.clone())
        };
        let file = open(&text).unwrap();
        assert_eq!((file.results(), file.warning()), (3, None));
        let file = open(&text[..text.len() - 20]).unwrap();
        let warning = file.warning().unwrap().to_string();
        assert_eq!(file.results(), 2);
        assert!(
            warning.contains("the 2 results before it are kept"),
            "{warning}"
        );
        let error = open(&text.replacen("\"fold\":1", "\"fold\":", 1)).unwrap_err();
        assert!(error.to_string().contains("line 3"), "{error}");
    }

    #[test]
    fn what_trials_of_the_fit_chose_is_kept() {
        let mut file = StudyFile::none();
        assert!(file.chosen("tuning").is_none());
        let chosen = NetworkResult::chosen("tuning", &Config::default(), Duration::ZERO);
        file.add(chosen).unwrap();
        let settings = &file.chosen("tuning").unwrap().settings;
        let names: Vec<&str> = settings.keys().map(String::as_str).collect();
        assert_eq!(names, ["data.knn_features", "data.target_transform"]);
        assert!(file.chosen("tuning-fold-1-of-3").is_none());
    }

    #[test]
    fn without_a_file_results_are_kept_in_memory() {
        let mut file = StudyFile::none();
        file.add(result(0, Some(1.0))).unwrap();
        let settings = result(0, None).settings;
        assert_eq!(
            file.result("tuning", 0, &settings).unwrap().error,
            Some(1.0)
        );
        assert_eq!(file.result("tuning", 1, &settings), None);
        assert_eq!(file.result("tuning-fold-1", 0, &settings), None);
    }
}
