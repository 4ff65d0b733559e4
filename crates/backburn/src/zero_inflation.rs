//! Counts with more zeros than a Poisson distribution has.

use backburn_training::Loss;

use crate::config::Config;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::warning::Warning;

/// A warning if a target of the Poisson loss has many more zeros than a Poisson distribution with its mean. With
/// exposures, the mean of each row is proportional to its exposure.
///
/// # Errors
///
/// The target or the exposures cannot be read as numbers.
pub(crate) fn zero_inflation(data: &Dataset, config: &Config) -> Result<Option<Warning>, Error> {
    if config.training.loss != Loss::Poisson || data.rows().is_empty() {
        return Ok(None);
    }
    let values = data.table().numbers(data.target())?;
    let counts = data.rows().iter().map(|&row| values[row]);
    let rows = data.rows().len() as f64;
    let exposures = data.offset().map(|column| data.table().numbers(column));
    let exposures = exposures.transpose()?;
    let exposure = |row: usize| exposures.as_ref().map_or(1.0, |all| all[row]);
    let of_rows: Vec<f64> = data.rows().iter().map(|&row| exposure(row)).collect();
    let rate = counts.clone().sum::<f64>() / of_rows.iter().sum::<f64>();
    let zeros = counts.filter(|count| *count == 0.0).count() as f64 / rows;
    let expected = of_rows.iter().map(|exposure| (-rate * exposure).exp());
    let expected = expected.sum::<f64>() / rows;
    let many = zeros > expected + 0.1 && zeros > 1.5 * expected;
    Ok(many.then(|| Warning::ZeroInflated {
        target: data.target().to_string(),
        zeros,
        expected,
    }))
}

#[cfg(test)]
mod tests {
    use backburn_preprocessing::Task;
    use backburn_table::{ReadOptions, Table};

    use super::*;
    use crate::dataset_options::DatasetOptions;

    fn warning(counts: &[u32], loss: Loss) -> Option<Warning> {
        of_exposures(counts, &vec![1; counts.len()], None, loss)
    }

    fn of_exposures(
        counts: &[u32],
        years: &[u32],
        offset: Option<&str>,
        loss: Loss,
    ) -> Option<Warning> {
        let rows = counts.iter().zip(years);
        let rows: Vec<String> = rows
            .map(|(count, years)| format!("{count},{years}"))
            .collect();
        let csv = std::io::Cursor::new(format!("y,x\n{}\n", rows.join("\n")));
        let table = Table::from_reader("t", csv, &ReadOptions::default()).unwrap();
        let options = DatasetOptions {
            task: Some(Task::Regression),
            offset: offset.map(str::to_string),
            ..DatasetOptions::default()
        };
        let data = Dataset::new(table, "y", &options).unwrap();
        let mut config = Config::default();
        config.training.loss = loss;
        zero_inflation(&data, &config).unwrap()
    }

    #[test]
    fn many_zeros_are_said() {
        let inflated = [0, 0, 0, 0, 0, 0, 7, 9, 8, 6];
        let text = warning(&inflated, Loss::Poisson).unwrap().to_string();
        let expected = "60 % of the counts `y` are 0, and 5 % of those of a Poisson distribution";
        assert!(text.starts_with(expected), "{text}");
        assert_eq!(warning(&inflated, Loss::Auto), None);
        assert_eq!(warning(&[0, 1, 2, 1, 0, 1, 3, 1], Loss::Poisson), None);
    }

    #[test]
    fn zeros_of_short_exposures_are_expected() {
        let counts = [0, 0, 0, 0, 0, 0, 7, 9, 8, 6];
        let years = [1, 1, 1, 1, 1, 1, 70, 90, 80, 60];
        let note = |offset| of_exposures(&counts, &years, offset, Loss::Poisson);
        assert!(note(None).is_some());
        assert_eq!(note(Some("x")), None);
    }
}
