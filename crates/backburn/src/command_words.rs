//! The words of the command that trains a model: those that are kept with its checkpoints, and those that resume it.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::path::Path;

use crate::text::{path_argument, quoted};

/// Options about checkpoints, and whether each has a value.
const CHECKPOINTS: [(&str, bool); 3] = [
    ("--resume", true),
    ("--checkpoint", true),
    ("--accept-changes", false),
];
/// Options about outputs.
const OUTPUTS: [(&str, bool); 4] = [
    ("--out", true),
    ("--report", true),
    ("--out-of-fold", true),
    ("-o", true),
];

/// Splits a command line into the words that belong to none of these options, and these options with their values.
fn split<'a>(
    words: &[OsString],
    options: &[(&'a str, bool)],
) -> (Vec<OsString>, Vec<(&'a str, OsString)>) {
    let (mut kept, mut taken) = (Vec::new(), Vec::new());
    let mut words = words.iter().cloned();
    while let Some(word) = words.next() {
        let joined = |option: &str| match option.starts_with("--") {
            true => value_of(&word, &format!("{option}=")),
            false => value_of(&word, &format!("{option}=")).or_else(|| value_of(&word, option)),
        };
        if let Some((option, has_value)) = options.iter().find(|(option, _)| word == *option) {
            let value = words.by_ref().take(usize::from(*has_value)).next();
            taken.push((*option, value.unwrap_or_default()));
        } else if let Some((option, value)) = options
            .iter()
            .find_map(|(option, _)| Some((*option, joined(option)?)))
        {
            taken.push((option, value));
        } else if word == "--na" {
            // Its value may look like an option.
            kept.push(word);
            kept.extend(words.next());
        } else if word == "--" {
            kept.push(word);
            kept.extend(words.by_ref());
        } else {
            kept.push(word);
        }
    }
    (kept, taken)
}

/// The arguments of a run: those after the program and the command, without those about checkpoints and outputs.
pub fn run_arguments(words: &[OsString]) -> Vec<OsString> {
    let (words, _) = split(words, &CHECKPOINTS);
    let (words, _) = split(&words, &OUTPUTS);
    words.into_iter().skip(2).collect()
}

/// A command to copy: the name of the program, and the words after it without those about checkpoints. Outputs are
/// the last options, so that the command is the same where a run was resumed.
pub fn shown_command(program: &str, words: &[OsString]) -> String {
    let (words, _) = split(words, &CHECKPOINTS);
    let (mut words, outputs) = split(&words, &OUTPUTS);
    let mut at = words
        .iter()
        .position(|word| word == "--")
        .unwrap_or(words.len());
    for (option, _) in OUTPUTS {
        let is_same = |given: &str| given == option || (option == "--out" && given == "-o");
        let value = outputs.iter().rev().find(|(given, _)| is_same(given));
        if let Some((_, value)) = value.filter(|_| option != "-o") {
            words.splice(at..at, [option.into(), value.clone()]);
            at += 2;
        }
    }
    let words = words.iter().skip(1);
    let words: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
    let line = format!("{program} {}", words.join(" "));
    line.trim_end().to_string()
}

/// The command that resumes a run. Outputs are named again, since they are not taken from the folder.
pub fn resume_command(
    program: &str,
    folder: &Path,
    outputs: impl IntoIterator<Item = (impl Display, impl AsRef<Path>)>,
) -> String {
    let mut command = format!("{program} train --resume {}", path_argument(folder));
    for (option, path) in outputs {
        command += &format!(" {option} {}", path_argument(path.as_ref()));
    }
    command
}

/// The rest of a word that begins with the name of an option and an equals sign.
pub fn value_of(word: &OsStr, option: &str) -> Option<OsString> {
    match word.to_str() {
        Some(text) => text.strip_prefix(option).map(OsString::from),
        #[cfg(unix)]
        None => {
            use std::os::unix::ffi::OsStrExt;
            let value = word.as_bytes().strip_prefix(option.as_bytes())?;
            Some(OsStr::from_bytes(value).to_os_string())
        }
        #[cfg(not(unix))]
        None => None,
    }
}

/// Commands to try after an example: they look at its model, and train on its table. Outside of the repository, which
/// has the table in `file`, they name the user's own table.
pub fn example_commands(program: &str, name: &str, file: &str, target: &str) -> [String; 3] {
    let (table, target) = match Path::new(file).is_file() {
        true => (file, target),
        false => ("TABLE.csv", "COLUMN"),
    };
    [
        format!("{program} inspect {name}.safetensors"),
        format!("{program} train {table} --target {target} --folds 5"),
        format!("{program} compare {table} --target {target}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn arguments_about_checkpoints_and_outputs_are_no_part_of_the_run() {
        for (text, kept) in [
            ("a.csv --resume x --target y", "a.csv --target y"),
            ("a.csv --checkpoint=x --accept-changes -t y", "a.csv -t y"),
            ("a.csv --out m --report=r -o m -om -t y", "a.csv -t y"),
            ("a.csv --out-of-fold f --na -o -t y", "a.csv --na -o -t y"),
            ("-t y -- --out", "-t y -- --out"),
        ] {
            let line = words(&format!("trainer train {text}"));
            assert_eq!(run_arguments(&line), words(kept), "{text}");
        }
        assert!(run_arguments(&words("trainer")).is_empty());
        let line = words("x train a.csv --resume x --out m");
        assert_eq!(
            shown_command("trainer", &line),
            "trainer train a.csv --out m"
        );
        assert_eq!(shown_command("trainer", &words("x")), "trainer");
        let line = words("x train --report r -o=m -om -t y -- a.csv");
        let command = shown_command("trainer", &line);
        assert_eq!(command, "trainer train -t y --out m --report r -- a.csv");
    }

    #[test]
    fn the_value_of_an_option_may_be_in_its_word() {
        let value = |word: &str| value_of(OsStr::new(word), "--resume=");
        assert_eq!(value("--resume=run"), Some("run".into()));
        assert_eq!(value("--resume"), None);
    }
}
