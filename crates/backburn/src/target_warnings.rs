//! Warnings about several targets of one table.

use crate::dataset::Dataset;
use crate::warning::Warning;

/// Below this many rows, a target that most rows lack gets a warning: its scores are of a few rows only.
const FEW: usize = 30;

/// The warnings about all targets, each once, where `joint` has the rows with at least one of them.
pub(crate) fn warnings_about_targets(targets: &[Dataset], joint: &Dataset) -> Vec<Warning> {
    let mut all: Vec<Warning> = Vec::new();
    for warning in targets.iter().flat_map(Dataset::warnings) {
        let of_all = of_all(warning);
        if let Some(of_all) = of_all
            && !all.contains(&of_all)
        {
            all.push(of_all);
        }
    }
    all.extend(missing(targets, joint));
    all.extend(left_out(targets, joint));
    let of = joint.rows().len();
    all.extend(targets.iter().filter_map(|data| {
        let rows = data.rows().len();
        (rows < FEW && rows < of / 2).then(|| Warning::FewTargetRows {
            target: data.target().to_string(),
            rows,
            of,
        })
    }));
    all.extend_from_slice(joint.warnings());
    all
}

/// A warning about one of the targets as one about all of them. Rows without this target are used for the others, and
/// rows are split for all targets together.
fn of_all(warning: &Warning) -> Option<Warning> {
    match warning {
        Warning::Splits(_) | Warning::RowsWithoutTarget { too_large: 0, .. } => None,
        Warning::RowsWithoutTarget {
            target, too_large, ..
        } => Some(Warning::InfiniteValues {
            column: target.clone(),
            rows: *too_large,
        }),
        other => Some(other.clone()),
    }
}

/// A warning about the used rows that lack some of the targets.
fn missing(targets: &[Dataset], joint: &Dataset) -> Option<Warning> {
    let lacking = targets.iter().map(|data| {
        let rows = joint.rows().len() - data.rows().len();
        (data.target().to_string(), rows)
    });
    let targets: Vec<(String, usize)> = lacking.filter(|(_, rows)| *rows > 0).collect();
    (!targets.is_empty()).then_some(Warning::MissingTargets { targets })
}

/// A warning about the rows that lack all targets. Rows with a weight of 0 are left out for another reason.
fn left_out(targets: &[Dataset], joint: &Dataset) -> Option<Warning> {
    let weights = joint.weights();
    let has_weight = |row: usize| weights.is_none_or(|weights| weights[row] > 0.0);
    let is_used = |row: usize| joint.rows().binary_search(&row).is_ok();
    let rows = 0..joint.table().rows();
    let rows = rows.filter(|&row| has_weight(row) && !is_used(row)).count();
    let names = targets.iter().map(|data| data.target().to_string());
    (rows > 0).then(|| Warning::RowsWithoutTargets {
        targets: names.collect(),
        rows,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use backburn_table::{ReadOptions, Table};

    use super::*;
    use crate::dataset_options::DatasetOptions;
    use crate::multi_target_dataset::MultiTargetDataset;

    fn warnings(csv: String, options: &DatasetOptions) -> Vec<Warning> {
        let table = Table::from_reader("t.csv", Cursor::new(csv), &ReadOptions::default());
        let data = MultiTargetDataset::new(table.unwrap(), &["price", "rent"], options);
        data.unwrap().warnings().to_vec()
    }

    /// Rows that lack different targets, one without any, and one with an infinite number.
    fn csv() -> String {
        let mut csv = "x,w,price,rent\n".to_string();
        for row in 0..60 {
            let (price, rent) = match row % 6 {
                0 => (String::new(), format!("{row}.5")),
                1 | 2 => (format!("{row}.25"), String::new()),
                _ => (format!("{row}.25"), format!("{row}.5")),
            };
            csv += &format!("{}.1,1,{price},{rent}\n", row * 7 % 11);
        }
        csv + "3.1,1,,\n4.1,0,5.5,\n5.1,1,1e300,7.5\n"
    }

    #[test]
    fn rows_are_counted_by_what_they_lack() {
        let weighted = DatasetOptions {
            weight: Some("w".to_string()),
            ..DatasetOptions::default()
        };
        let all = warnings(csv(), &weighted);
        let targets = vec![("price".to_string(), 11), ("rent".to_string(), 20)];
        assert!(
            all.contains(&Warning::MissingTargets { targets }),
            "{all:?}"
        );
        // The row of weight 0 has a price: it is left out for its weight.
        let targets = vec!["price".to_string(), "rent".to_string()];
        let left_out = Warning::RowsWithoutTargets { targets, rows: 1 };
        assert!(all.contains(&left_out), "{all:?}");
        let column = "price".to_string();
        let infinite = Warning::InfiniteValues { column, rows: 1 };
        assert!(all.contains(&infinite), "{all:?}");
        let is_of_one = |warning: &Warning| {
            matches!(
                warning,
                Warning::RowsWithoutTarget { .. } | Warning::FewTargetRows { .. }
            )
        };
        assert!(!all.iter().any(is_of_one), "{all:?}");
    }

    #[test]
    fn a_target_of_very_few_rows_is_named() {
        let few = |rows: usize| {
            let mut csv = "x,price,rent\n".to_string();
            for row in 0..200 {
                let rent = if row < rows {
                    format!("{row}.5")
                } else {
                    String::new()
                };
                csv += &format!("{}.1,{row}.25,{rent}\n", row * 7 % 11);
            }
            let mut all = warnings(csv, &DatasetOptions::default()).into_iter();
            all.find(|warning| matches!(warning, Warning::FewTargetRows { .. }))
        };
        let expected = Warning::FewTargetRows {
            target: "rent".to_string(),
            rows: 8,
            of: 200,
        };
        assert_eq!(few(8), Some(expected));
        assert_eq!(few(FEW), None);
    }
}
