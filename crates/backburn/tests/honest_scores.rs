//! What a fit says of its model holds for other rows.

#![cfg(feature = "train")]

use std::collections::BTreeSet;
use std::io::Cursor;

use backburn::{
    Config, Dataset, DatasetOptions, Diagnosis, Estimator, FitContext, FittedModel, KnnFeatures,
    Members, Preset, ReadOptions, Settings, Table,
};

/// Numbers that look random and are the same everywhere.
struct Noise(u64);

impl Noise {
    /// From -1 to 1.
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// Nearly normal, with a standard deviation of 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() / 2.0
    }
}

/// Three columns and a target that has nothing to do with them.
fn noise(rows: usize, seed: u64) -> Table {
    let mut noise = Noise(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    (0..100).for_each(|_| {
        noise.uniform();
    });
    let mut csv = "a,b,c,y\n".to_string();
    for _ in 0..rows {
        let [a, b, c, y] = [(); 4].map(|()| noise.normal());
        csv += &format!("{a:.3},{b:.3},{c:.3},{y:.3}\n");
    }
    Table::from_reader("noise", Cursor::new(csv), &ReadOptions::default()).unwrap()
}

fn dataset(table: Table) -> Dataset {
    Dataset::new(table, "y", &DatasetOptions::default()).unwrap()
}

fn fit(config: &Config, data: &Dataset) -> FittedModel {
    let estimator = Estimator::new(config.clone());
    estimator.fit(data, &FitContext::default()).unwrap()
}

fn one_network() -> Config {
    let mut config = Config::preset(Preset::Fast);
    config.network.hidden = vec![16];
    config
}

fn eight_networks() -> Config {
    let mut config = Config::default();
    config.data.knn_features = KnnFeatures::Never;
    config.data.neighbor_features = false;
    config.network.hidden = vec![16];
    config.training.epochs = 30;
    config.training.patience = 10;
    config.ensemble.members = Members::Exactly(8);
    config
}

/// The RMSE that fits on 50 rows of noise say of themselves, as a multiple of that on 2,000 other rows. Both are over
/// several tables.
fn said_to_fresh(config: &Config, tables: u64) -> f64 {
    let fresh = noise(2_000, 999);
    let (mut said, mut other) = (0.0, 0.0);
    for seed in 0..tables {
        let model = fit(config, &dataset(noise(50, seed)));
        let score = model.record().unwrap().validation.clone().unwrap();
        said += score.metric("rmse").unwrap().powi(2);
        other += model
            .evaluate(&fresh)
            .unwrap()
            .metric("rmse")
            .unwrap()
            .powi(2);
    }
    (said / other).sqrt()
}

#[test]
fn an_ensemble_does_not_flatter_itself() {
    let ratio = said_to_fresh(&eight_networks(), 12);
    assert!((0.86..1.25).contains(&ratio), "{ratio}");
}

#[test]
fn one_network_does_not_flatter_itself() {
    // Each of them says it of five rows.
    let ratio = said_to_fresh(&one_network(), 24);
    assert!((0.8..1.3).contains(&ratio), "{ratio}");
}

#[test]
fn intervals_hold_other_rows_too() {
    let fresh = noise(2_000, 999);
    let truth = fresh.numbers("y").unwrap();
    let mut held = 0;
    for seed in 0..4 {
        let model = fit(&eight_networks(), &dataset(noise(100, seed)));
        let intervals = model.predict_interval(&fresh, 0.9).unwrap().unwrap();
        let inside = intervals.iter().zip(&truth);
        held += inside.filter(|(i, y)| i[0] <= **y && **y <= i[1]).count();
    }
    let share = held as f64 / 8_000.0;
    assert!((0.86..0.96).contains(&share), "{share}");
}

#[test]
fn a_spread_and_a_constant_stand_beside_the_score() {
    let model = fit(&eight_networks(), &dataset(noise(60, 3)));
    let record = model.record().unwrap();
    let score = record.validation.as_ref().unwrap();
    let constant = record.constant.as_ref().unwrap();
    assert_eq!((score.rows, constant.rows), (60, 60));
    let error = score.standard_error("rmse").unwrap();
    let rmse = score.metric("rmse").unwrap();
    assert!((0.03..0.3).contains(&(error / rmse)), "{error} of {rmse}");
    assert!(score.line("").contains(" ± "), "{score}");
    let json = model.scores_json(None);
    assert!(json["standard_errors"]["rmse"].is_number());
    assert!(json["baseline"]["rmse"].is_number());
    // The file has both.
    let summary = &model.model().summary;
    assert_eq!(summary.validation_errors.get("rmse"), Some(&error));
    let of_constant = summary.validation_constant.get("rmse").copied();
    assert_eq!(of_constant, constant.metric("rmse"));
}

#[test]
fn noise_is_said_to_be_noise() {
    let mut noted = 0;
    for seed in 0..4 {
        let model = fit(&eight_networks(), &dataset(noise(80, seed)));
        let findings = &model.record().unwrap().findings;
        let names: Vec<Diagnosis> = findings.iter().map(|finding| finding.name).collect();
        if names.first() == Some(&Diagnosis::NoBetterThanConstant) {
            noted += 1;
            assert!(!names.contains(&Diagnosis::Overfitting), "{findings:?}");
            let remedy = &findings[0].remedy;
            assert!(remedy.contains("80 rows may be too few"), "{remedy}");
        }
    }
    assert!(noted >= 3, "{noted} of 4");
}

/// Amounts with a few that are far from all others, and a column that tells them.
fn amounts() -> Dataset {
    let mut noise = Noise(5);
    let mut csv = "a,b,twice,y\n".to_string();
    for row in 0..2_000 {
        let (a, b) = (noise.uniform(), noise.uniform());
        let far = if row % 700 == 7 { 900.0 } else { 1.0 };
        let y = (2.0 + a + 0.5 * b * b) * far;
        csv += &format!("{a:.4},{b:.4},{:.4},{y:.4}\n", 2.0 * y);
    }
    let table = Table::from_reader("t", Cursor::new(csv), &ReadOptions::default());
    dataset(table.unwrap())
}

#[test]
fn the_remedies_of_a_run_can_be_applied_together() {
    let data = amounts();
    let mut config = one_network();
    config.data.target_transform = backburn::TargetTransform::Standard;
    let model = fit(&config, &data);
    let findings = &model.record().unwrap().findings;
    let all: Vec<&String> = findings.iter().flat_map(|f| &f.settings).collect();
    assert!(!all.is_empty(), "{findings:?}");
    // No setting has two values.
    let assignments: BTreeSet<&String> = all.iter().copied().collect();
    let names = |assignment: &&String| assignment.split('=').next().unwrap().to_string();
    let distinct: BTreeSet<String> = assignments.iter().map(names).collect();
    assert_eq!(distinct.len(), assignments.len(), "{all:?}");
    let settings = all
        .iter()
        .fold(Settings::new(), |settings, s| settings.set(s).unwrap());
    let config = settings.over(Preset::Fast).unwrap();
    let again = fit(&config, &data);
    assert!(again.record().unwrap().validation.is_some());
}
