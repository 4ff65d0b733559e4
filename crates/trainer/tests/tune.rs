//! `tune`: what it writes, how it goes on, and what it refuses.

use crate::common::{Folder, QUICK, flowers, houses};
use serde_json::Value;

const SPACE: &str =
    "[network]\nhidden = { choices = [[4], [8]] }\ndropout = { uniform = [0, 0.5] }\n";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("t.csv", houses(60)).write("space.toml", SPACE);
    folder
}

/// A command that searches quickly.
fn line(more: &str) -> String {
    format!(
        "tune t.csv --target price --out m.safetensors --trials 4 --folds 2 --space space.toml {QUICK} {more}"
    )
}

/// The lines of the study without times, in alphabetical order.
fn results(folder: &Folder) -> Vec<String> {
    let text = String::from_utf8(folder.read("m.tuning.jsonl")).unwrap();
    let line = |line: &str| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("seconds");
        line.to_string()
    };
    let mut lines: Vec<String> = text.lines().skip(1).map(line).collect();
    lines.sort();
    lines
}

#[test]
fn the_model_the_settings_and_the_study_are_written() {
    let folder = folder();
    let answer = folder.done(&line("--outer-folds 0 --json"));
    let result = answer.json();
    assert_eq!(result["measure"], "RMSE");
    assert_eq!(result["trials"].as_array().unwrap().len(), 4);
    assert_eq!(result["finished"], true);
    assert_eq!(result["model"], "m.safetensors");
    assert_eq!(result["settings"], "m.tuned.toml");
    assert!(result["nested"].is_null());
    assert!(result["best"]["error"].as_f64().unwrap() > 0.0);
    assert!(answer.stderr.contains("4 of 4: RMSE"), "{}", answer.stderr);
    let settings = String::from_utf8(folder.read("m.tuned.toml")).unwrap();
    assert!(settings.contains("[network]"), "{settings}");
    // The settings are those of the model.
    folder.done("train t.csv --target price --config m.tuned.toml --out n.safetensors");
    assert!(folder.read("n.safetensors") == folder.read("m.safetensors"));
}

#[test]
fn a_search_goes_on_where_it_was_ended() {
    let folder = folder();
    folder.done(&line("--outer-folds 2"));
    let (model, whole) = (folder.read("m.safetensors"), results(&folder));
    let text = String::from_utf8(folder.read("m.tuning.jsonl")).unwrap();
    let half: Vec<&str> = text.lines().take(4).collect();
    folder.write("m.tuning.jsonl", half.join("\n") + "\n");
    let answer = folder.done(&line("--outer-folds 2"));
    assert_eq!(results(&folder), whole);
    assert!(folder.read("m.safetensors") == model);
    for words in [
        "search",
        "nested     mean RMSE",
        "saved",
        "trainer predict m.safetensors",
    ] {
        assert!(answer.stdout.contains(words), "{words}: {}", answer.stdout);
    }
    // More trials go on from those that are there.
    let more = line("--outer-folds 0 --json").replace("--trials 4", "--trials 6");
    let result = folder.done(&more).json();
    assert_eq!(result["trials"].as_array().unwrap().len(), 6);
}

#[test]
fn a_report_shows_the_trials() {
    let folder = Folder::new();
    folder
        .write("t.csv", flowers(60))
        .write("space.toml", SPACE);
    folder.done(&format!(
        "tune t.csv --target kind --trials 8 --folds 2 --outer-folds 2 --space space.toml {QUICK} --report r.html"
    ));
    let html = String::from_utf8(folder.read("r.html")).unwrap();
    for words in [
        "data-figure=\"parallel-coordinates\"",
        "data-figure=\"setting-importance\"",
        "settings of the search, 2 outer folds",
        "Gained: ",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let names = folder.names();
    let expected = [
        "t.history.jsonl",
        "t.safetensors",
        "t.tuned.toml",
        "t.tuning.jsonl",
    ];
    for name in expected {
        assert!(names.iter().any(|found| found == name), "{name}: {names:?}");
    }
}

#[test]
fn the_study_of_another_run_is_not_continued() {
    let folder = folder();
    folder.done(&line("--outer-folds 0"));
    folder.refused(
        &line("--outer-folds 0 --seed 1"),
        1,
        &[
            "m.tuning.jsonl: the run has changed",
            "training.seed",
            "choose another --out",
        ],
    );
    folder.write("m.tuning.jsonl", "a,b\n");
    folder.refused(&line(""), 1, &["m.tuning.jsonl: it is not a study"]);
}

#[test]
fn what_cannot_be_searched_is_refused() {
    let folder = folder();
    folder.write(
        "wrong.toml",
        "[network]\ndropuot = { uniform = [0, 0.5] }\n",
    );
    let wrong = line("").replace("space.toml", "wrong.toml");
    folder.refused(
        &wrong,
        2,
        &[
            "--space wrong.toml: line 2: ",
            "did you mean `network.dropout`?",
        ],
    );
    folder.refused(&line("--outer-folds 1"), 2, &["at least 2"]);
    // Before the search, which would take its time.
    folder.refused(&line("--outer-folds 500"), 2, &["outer folds 500"]);
    folder.refused(&line("--sampler grid"), 2, &["tpe and random"]);
    folder.refused(
        &line("--folds 100").replace("--folds 2", ""),
        2,
        &["folds 100"],
    );
    let own = line("").replace("m.safetensors", "-");
    folder.refused(&own, 2, &["a model is saved to a file"]);
    folder.write("m.tuned.toml", "[network]\n");
    folder.refused(
        &line(""),
        1,
        &["m.tuned.toml: it is not the result of a search"],
    );
}
