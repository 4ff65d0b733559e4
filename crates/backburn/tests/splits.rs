//! No split of a fit leaks: copies, groups and time, through the public API.

#![cfg(feature = "train")]

use std::io::Cursor;

use backburn::{
    Config, Dataset, DatasetOptions, Estimator, FitContext, Members, Preset, ReadOptions, Settings,
    Split, SplitColumns, SplitNote, Table, Warning,
};

/// Numbers from 0 to below 1 that look random.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Rows of noise with a label that depends on nothing, each of them `times` times.
fn noise(different: usize, times: usize) -> String {
    let mut numbers = Numbers(7);
    let rows: Vec<String> = (0..different)
        .map(|_| {
            let features: Vec<String> = (0..4).map(|_| format!("{:.2}", numbers.next())).collect();
            let label = if numbers.next() < 0.5 { "no" } else { "yes" };
            format!("{},{label}\n", features.join(","))
        })
        .collect();
    let copies = (0..different * times).map(|row| rows[row * 7 % different].as_str());
    format!("a,b,c,d,label\n{}", copies.collect::<String>())
}

fn table(csv: String) -> Table {
    Table::from_reader("t", Cursor::new(csv), &ReadOptions::default()).unwrap()
}

/// A table of groups, each with rows at many times, and a number to predict.
fn panel(rows: usize, split: SplitColumns) -> Dataset {
    let mut numbers = Numbers(3);
    let mut csv = "shop,day,x,z,sales\n".to_string();
    for row in 0..rows {
        let (shop, day) = (row * 7 % 12, row * 13 % rows / 4);
        let (x, z) = (numbers.next(), numbers.next());
        csv += &format!(
            "s{shop},{day},{x:.4},{z:.4},{:.4}\n",
            3.0 * x + z + shop as f64 * 0.1
        );
    }
    let options = DatasetOptions {
        split,
        ..DatasetOptions::default()
    };
    Dataset::new(table(csv), "sales", &options).unwrap()
}

fn shop(row: usize) -> usize {
    row * 7 % 12
}

fn day(row: usize, rows: usize) -> usize {
    row * 13 % rows / 4
}

fn by(group: Option<&str>, time: Option<&str>, gap: Option<&str>) -> SplitColumns {
    SplitColumns {
        group: group.map(str::to_string),
        time: time.map(str::to_string),
        gap: gap.and_then(|gap| gap.parse().ok()),
        fold: None,
    }
}

fn config(members: usize, set: &[&str]) -> Config {
    let mut settings = Settings::new();
    for assignment in set {
        settings = settings.set(assignment).unwrap();
    }
    let mut config = settings.over(Preset::Fast).unwrap();
    config.ensemble.members = Members::Exactly(members);
    config.training.epochs = 3;
    config.network.hidden = vec![8];
    config
}

/// All splits of a fit's first jobs, of its folds and of rows that are set aside.
fn splits(data: &Dataset, config: &Config) -> Vec<Split> {
    let plan = Estimator::new(config.clone()).plan(data).unwrap();
    let mut splits: Vec<Split> = plan.jobs().iter().map(|job| job.split.clone()).collect();
    splits.push(data.validation_split(config));
    splits.extend(data.folds(4, config.training.seed));
    splits
}

#[test]
fn random_labels_with_each_row_five_times_score_at_chance() {
    let data = Dataset::new(table(noise(120, 5)), "label", &DatasetOptions::default()).unwrap();
    let copies = SplitNote::Copies {
        copies: 480,
        rows: 600,
    };
    assert!(data.warnings().contains(&Warning::Splits(copies)));
    let mut config = config(1, &[]);
    config.training.epochs = 30;
    config.network.hidden = vec![32];
    let estimator = Estimator::new(config);
    let validated = estimator.cross_validate(&data, 5, &FitContext::default());
    let (accuracy, _) = validated.unwrap().mean_and_deviation("accuracy");
    assert!((0.33..0.67).contains(&accuracy), "{accuracy}");
}

/// Rows of noise with a label, and then each of the first ones again with other last digits.
fn noise_and_near_copies(different: usize, near: usize) -> String {
    let mut numbers = Numbers(11);
    let rows: Vec<[f64; 3]> = (0..different)
        .map(|_| [numbers.next(), numbers.next(), numbers.next()])
        .collect();
    let mut csv = "a,b,c,label\n".to_string();
    for row in 0..different + near {
        let [a, b, c] = rows[row % different];
        let error = if row < different { 0.0 } else { 1e-6 };
        let label = if (row % different).is_multiple_of(3) {
            "no"
        } else {
            "yes"
        };
        csv += &format!("{},{},{},{label}\n", a + error, b - error, c + error);
    }
    csv
}

#[test]
fn no_near_copy_is_on_both_sides() {
    let csv = noise_and_near_copies(200, 60);
    let data = Dataset::new(table(csv), "label", &DatasetOptions::default()).unwrap();
    let near = SplitNote::NearCopies {
        near: 60,
        rows: 260,
        left_out: false,
    };
    assert!(
        data.warnings().contains(&Warning::Splits(near)),
        "{:?}",
        data.warnings()
    );
    for members in [1, 8] {
        for split in splits(&data, &config(members, &[])) {
            let of = |rows: &[usize]| rows.iter().map(|row| row % 200).collect::<Vec<_>>();
            let training = of(&split.training);
            let validation = of(&split.validation);
            assert!(validation.iter().all(|row| !training.contains(row)));
            assert!(!validation.is_empty());
        }
    }
}

#[test]
fn without_near_copies_rows_are_split_as_if_none_were_looked_for() {
    let csv = noise_and_near_copies(200, 0);
    let data = Dataset::new(table(csv), "label", &DatasetOptions::default()).unwrap();
    let is_note = |warning: &Warning| matches!(warning, Warning::Splits(_));
    assert!(
        !data.warnings().iter().any(is_note),
        "{:?}",
        data.warnings()
    );
}

#[test]
fn no_copy_is_on_both_sides() {
    let data = Dataset::new(table(noise(60, 5)), "label", &DatasetOptions::default()).unwrap();
    for members in [1, 8] {
        for split in splits(&data, &config(members, &[])) {
            let of = |rows: &[usize]| rows.iter().map(|row| row * 7 % 60).collect::<Vec<_>>();
            let training = of(&split.training);
            assert!(
                of(&split.validation)
                    .iter()
                    .all(|row| !training.contains(row))
            );
            assert!(!split.validation.is_empty());
        }
    }
}

#[test]
fn no_group_is_on_both_sides() {
    let data = panel(240, by(Some("shop"), None, None));
    assert_eq!(data.features().collect::<Vec<_>>(), ["day", "x", "z"]);
    for members in [1, 8] {
        for split in splits(&data, &config(members, &[])) {
            let training: Vec<usize> = split.training.iter().map(|&row| shop(row)).collect();
            assert!(
                split
                    .validation
                    .iter()
                    .all(|&row| !training.contains(&shop(row)))
            );
            assert_eq!(split.training.len() + split.validation.len(), 240);
        }
    }
    let (train, test) = data.split(0.25, 0).unwrap();
    assert_eq!((train.rows().len(), test.rows().len()), (180, 60));
}

#[test]
fn later_rows_are_predicted_from_earlier_ones() {
    for group in [None, Some("shop")] {
        let data = panel(240, by(group, Some("day"), Some("2")));
        for members in [1, 4] {
            for split in splits(&data, &config(members, &[])) {
                let days =
                    |rows: &[usize]| rows.iter().map(|&row| day(row, 240)).collect::<Vec<_>>();
                let last = days(&split.training).into_iter().max().unwrap();
                let first = days(&split.validation).into_iter().min().unwrap();
                assert!(last + 2 <= first, "{last} {first}");
                if group.is_some() {
                    let training: Vec<usize> =
                        split.training.iter().map(|&row| shop(row)).collect();
                    assert!(
                        split
                            .validation
                            .iter()
                            .all(|&row| !training.contains(&shop(row)))
                    );
                }
            }
        }
    }
}

#[test]
fn given_validation_rows_are_never_trained_on() {
    let given: Vec<usize> = (200..240).collect();
    let drawn = panel(240, SplitColumns::default());
    let data = drawn.clone().with_validation_rows(&given).unwrap();
    for members in [1, 4] {
        let config = config(members, &[]);
        let plan = Estimator::new(config.clone()).plan(&data).unwrap();
        let mut of_jobs = plan.jobs().iter().map(|job| &job.split);
        assert!(of_jobs.all(|split| !split.training.contains(&239)));
        assert_eq!(data.validation_split(&config).validation, given);
        let model = Estimator::new(config).fit(&data, &FitContext::default());
        let model = model.unwrap();
        let record = model.record().unwrap();
        let mut validation = record.split.validation.clone();
        validation.sort_unstable();
        assert_eq!(validation, given);
        assert_eq!(record.validation.as_ref().unwrap().rows, 40);
        assert_eq!(model.predictor().model().network.members.len(), members);
    }
    let none = drawn.clone().with_validation_rows(&[]).unwrap_err();
    assert!(none.to_string().contains("rows with a target"), "{none}");
    let beyond = drawn.with_validation_rows(&[240]).unwrap_err();
    assert!(beyond.to_string().contains("no row 240"), "{beyond}");
}

#[test]
fn an_ensemble_in_time_is_scored_on_the_last_rows() {
    let data = panel(240, by(None, Some("day"), None));
    let config = config(3, &[]);
    let plan = Estimator::new(config.clone()).plan(&data).unwrap();
    // The encoder knows no later row.
    assert!(
        plan.jobs()
            .iter()
            .all(|job| job.encoder_rows == job.split.training)
    );
    let model = Estimator::new(config.clone())
        .fit(&data, &FitContext::default())
        .unwrap();
    let record = model.record().unwrap();
    assert!(record.validation.is_some());
    let first = record
        .split
        .validation
        .iter()
        .map(|&row| day(row, 240))
        .min();
    let last = record.split.training.iter().map(|&row| day(row, 240)).max();
    assert!(last < first);
    assert_eq!(model.predict(data.table()).unwrap().rows(), 240);
    let estimator = Estimator::new(config);
    let validated = estimator
        .cross_validate(&data, 3, &FitContext::default())
        .unwrap();
    assert_eq!(validated.scores.len(), 3);
    // The first rows are predicted by none.
    assert_eq!(validated.rows.len(), 180);
}

#[test]
fn time_is_a_feature_only_if_it_is_named() {
    let features = |options: DatasetOptions| {
        let csv = panel(40, SplitColumns::default());
        let options = DatasetOptions {
            split: by(None, Some("day"), None),
            ..options
        };
        let data = Dataset::new(csv.table().clone(), "sales", &options).unwrap();
        data.features().map(str::to_string).collect::<Vec<_>>()
    };
    assert_eq!(features(DatasetOptions::default()), ["shop", "x", "z"]);
    let named = DatasetOptions {
        features: vec!["day".to_string(), "x".to_string()],
        ..DatasetOptions::default()
    };
    assert_eq!(features(named), ["day", "x"]);
}

#[test]
fn features_of_nearest_rows_are_refused_with_a_rule() {
    let data = panel(240, by(Some("shop"), None, None));
    let config = config(1, &["data.knn_features=always"]);
    let error = Estimator::new(config).plan(&data).unwrap_err().to_string();
    assert!(error.starts_with("data.knn_features=always"), "{error}");
}

#[test]
fn test_rows_that_are_copies_of_training_rows_are_counted() {
    let data = Dataset::new(table(noise(80, 1)), "label", &DatasetOptions::default()).unwrap();
    let estimator = Estimator::new(config(1, &[]));
    let mut model = estimator.fit(&data, &FitContext::default()).unwrap();
    let mut csv = noise(80, 1).lines().take(6).collect::<Vec<_>>().join("\n");
    for row in 0..10 {
        csv += &format!("\n0.{row}1,0.5,0.{row}3,0.25,yes");
    }
    let tested = model.test(&data, &table(csv + "\n")).unwrap();
    let copies = SplitNote::CopiesInTest {
        copies: 5,
        rows: 15,
    };
    assert!(
        tested.warnings.contains(&Warning::Splits(copies)),
        "{:?}",
        tested.warnings
    );
}

#[test]
fn a_part_of_the_rows_has_the_classes_of_the_whole() {
    // One class appears in the last rows alone.
    let mut csv = "day,x,kind\n".to_string();
    let mut numbers = Numbers(5);
    for day in 0..120 {
        let x = numbers.next();
        let kind = match day {
            90.. if x < 0.5 => "a",
            _ if x < 0.4 => "b",
            _ => "c",
        };
        csv += &format!("{day},{x:.3},{kind}\n");
    }
    let options = DatasetOptions {
        split: SplitColumns {
            time: Some("day".to_string()),
            ..SplitColumns::default()
        },
        ..DatasetOptions::default()
    };
    let data = Dataset::new(table(csv), "kind", &options).unwrap();
    let fold = data.folds(3, 0).pop().unwrap();
    assert!(fold.training.iter().all(|row| *row < 90));
    let balanced = Settings::new().set("data.balance_classes=true").unwrap();
    let mut config = balanced.over(Preset::Fast).unwrap();
    config.training.epochs = 3;
    let part = data.subset(&fold.training);
    let model = Estimator::new(config).fit(&part, &FitContext::default());
    let held_out = data.table().select("fold", &fold.validation).unwrap();
    let score = model.unwrap().evaluate(&held_out).unwrap();
    // Rows of a class that was not trained on are errors, and they are not skipped.
    assert_eq!((score.rows, score.skipped), (fold.validation.len(), 0));
}

#[test]
fn rows_of_a_group_without_a_fold_stay_together() {
    let mut csv = "g,f,x,y\n".to_string();
    let mut numbers = Numbers(9);
    for row in 0..120 {
        let group = row % 20;
        let fold = if group < 4 {
            (group % 2).to_string()
        } else {
            String::new()
        };
        csv += &format!(
            "g{group},{fold},{:.3},{:.3}\n",
            numbers.next(),
            numbers.next()
        );
    }
    let options = DatasetOptions {
        split: SplitColumns {
            group: Some("g".to_string()),
            fold: Some("f".to_string()),
            ..SplitColumns::default()
        },
        ..DatasetOptions::default()
    };
    let data = Dataset::new(table(csv), "y", &options).unwrap();
    let mut config = Config::preset(Preset::Fast);
    config.data.validation_fraction = 0.3;
    let split = data.validation_split(&config);
    assert!(!split.validation.is_empty());
    let group_of = |row: &usize| row % 20;
    let trained: Vec<usize> = split.training.iter().map(group_of).collect();
    assert!(
        split
            .validation
            .iter()
            .all(|row| !trained.contains(&group_of(row)))
    );
}
