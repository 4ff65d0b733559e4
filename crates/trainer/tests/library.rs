//! The library and the command line give the same model file, byte for byte.

#![cfg(feature = "flex")]

use crate::common::Folder;
use backburn::{
    Dataset, DatasetOptions, Estimator, FitContext, Preset, ReadOptions, Settings, Table,
};
use burn::tensor::Device;

/// A model to fit by both.
struct Case<'a> {
    preset: Preset,
    target: &'a str,
    settings: &'a [&'a str],
    weight: Option<&'a str>,
    /// Whether the model is scored on the test table.
    test: bool,
}

/// A few epochs of a small network.
const QUICK: [&str; 2] = ["training.epochs=4", "network.hidden=[16]"];

impl Default for Case<'_> {
    fn default() -> Self {
        Self {
            preset: Preset::Default,
            target: "rent",
            settings: &[],
            weight: None,
            test: false,
        }
    }
}

impl Case<'_> {
    /// Fits by both and compares the files.
    fn check(&self) {
        let folder = Folder::new();
        folder.write("t.csv", table(self.target, 0..150));
        folder.write("test.csv", table(self.target, 150..200));
        let by_program = self.by_program(&folder);
        let by_library = self.by_library(&folder);
        assert!(
            by_program == by_library,
            "{} {} {:?} {:?} test: {}",
            self.preset,
            self.target,
            self.settings,
            self.weight,
            self.test
        );
    }

    fn settings(&self) -> impl Iterator<Item = &str> {
        QUICK.into_iter().chain(self.settings.iter().copied())
    }

    fn by_program(&self, folder: &Folder) -> Vec<u8> {
        // The model's summary has the table's path.
        let path = |name: &str| folder.path(name).display().to_string();
        let mut line = format!(
            "train {} --target {} --preset {} --device flex --out program.safetensors",
            path("t.csv"),
            self.target,
            self.preset
        );
        for setting in self.settings() {
            line += &format!(" --set {setting}");
        }
        if let Some(weight) = self.weight {
            line += &format!(" --weight {weight}");
        }
        if self.test {
            line += &format!(" --test {}", path("test.csv"));
        }
        folder.done(&line);
        folder.read("program.safetensors")
    }

    fn by_library(&self, folder: &Folder) -> Vec<u8> {
        let read = |name: &str| Table::read(folder.path(name), &ReadOptions::default()).unwrap();
        let mut settings = Settings::new();
        for setting in self.settings() {
            settings = settings.set(setting).unwrap();
        }
        let config = settings.over(self.preset).unwrap();
        let options = DatasetOptions {
            weight: self.weight.map(str::to_string),
            ..DatasetOptions::default()
        };
        let data = Dataset::new(read("t.csv"), self.target, &options).unwrap();
        let context = FitContext::new(Device::flex());
        let mut model = Estimator::new(config).fit(&data, &context).unwrap();
        if self.test {
            let test = read("test.csv");
            let score = model.evaluate(&test).unwrap();
            model.set_test_score(&test, &score);
        }
        model.save(folder.path("library.safetensors")).unwrap();
        folder.read("library.safetensors")
    }
}

/// Flats with missing values, a category and numbers that are codes. The target is `rent`, a number, or
/// `class`, one of three names.
fn table(target: &str, rows: std::ops::Range<usize>) -> String {
    let mut csv = format!("size,rooms,street,zip,count,{target}\n");
    for row in rows {
        let (size, rooms) = (40 + row * 37 % 113, 1 + row * 7 % 5);
        let street = ["elm", "oak", "ash"][row % 3];
        let zip = [1010, 2020, 3030, 4040][row / 3 % 4];
        let count = 1 + row % 2;
        let rent = size as f64 * 10.5 + rooms as f64 * 50.0 + (row % 3) as f64 * 75.25;
        let known = match row % 11 {
            0 => String::new(),
            _ => size.to_string(),
        };
        let value = match target {
            "rent" => rent.to_string(),
            _ => ["cheap", "fair", "dear"][(rent / 700.0) as usize % 3].to_string(),
        };
        csv += &format!("{known},{rooms},{street},{zip},{count},{value}\n");
    }
    csv
}

fn check_with_and_without_test(preset: Preset, target: &str) {
    for test in [false, true] {
        Case {
            preset,
            target,
            test,
            ..Case::default()
        }
        .check();
    }
}

#[test]
fn regression_with_the_preset_fast() {
    check_with_and_without_test(Preset::Fast, "rent");
}

#[test]
fn regression_with_the_preset_default() {
    check_with_and_without_test(Preset::Default, "rent");
}

#[test]
fn classification_with_the_preset_fast() {
    check_with_and_without_test(Preset::Fast, "class");
}

#[test]
fn classification_with_the_preset_default() {
    check_with_and_without_test(Preset::Default, "class");
}

#[test]
fn a_network_that_is_trained_once_more_on_all_rows() {
    for (preset, target) in [(Preset::Fast, "class"), (Preset::Default, "rent")] {
        Case {
            preset,
            target,
            settings: &["data.refit=true"],
            test: true,
            ..Case::default()
        }
        .check();
    }
}

#[test]
fn rows_with_weights() {
    for (preset, target) in [(Preset::Fast, "rent"), (Preset::Default, "class")] {
        Case {
            preset,
            target,
            weight: Some("count"),
            ..Case::default()
        }
        .check();
    }
}

#[test]
fn a_column_whose_kind_is_set() {
    for preset in [Preset::Fast, Preset::Default] {
        Case {
            preset,
            settings: &["columns.zip=categorical", "training.seed=3"],
            ..Case::default()
        }
        .check();
    }
}
