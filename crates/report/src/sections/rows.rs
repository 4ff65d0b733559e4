//! Explanations of single rows.

use backburn_explain::{Rest, RowExplanation};
use maud::{Markup, PreEscaped, html};

use crate::charts::{self, Bar};
use crate::format::{number, signed, truncate};
use crate::place::Place;
use crate::report::Report;

/// The smallest and the largest number of columns shown for each row.
const SHOWN: std::ops::RangeInclusive<usize> = 6..=15;

/// The explained rows.
pub fn rows(report: &Report, place: Place) -> Markup {
    html! {
        @if !report.rows.is_empty() {
            (place.heading("rows", "Predictions of single rows explained"))
            p {
                "Each chart starts at the prediction for the average row and ends at the prediction for this row. "
                "It shows what each column adds, computed by integrated gradients. Columns with small "
                "amounts are summed at the end: first those that raise the prediction, then those that lower it."
            }
            div class="grid" {
                @for (name, row) in &report.rows { (explained_row(&report.unit, name, row)) }
            }
        }
    }
}

fn explained_row(unit: &str, name: &str, row: &RowExplanation) -> Markup {
    let amount = |value: f64| match &row.class {
        None => format!("{unit}{}", number(value)),
        Some(_) => format!("{} %", number(value * 100.0)),
    };
    let axis = match &row.class {
        None => "prediction".to_string(),
        Some(class) => format!("p({}) in percent", truncate(class, 14)),
    };
    let has_remainder = row.has_remainder();
    html! {
        figure data-figure="row" {
            figcaption {
                b { (name) ": " (amount(row.prediction)) @if let Some(class) = &row.class { " for " (truncate(class, 40)) } }
                @if has_remainder { "The activation function has jumps, or the prediction is clipped, so a part belongs to no column." }
            }
            @if let Some(svg) = charts::waterfall(&steps(unit, row), &axis) { (PreEscaped(svg)) }
        }
    }
}

/// The bars of the waterfall of a row: the average row, what each column adds, and the row itself. Probabilities are in
/// percent.
fn steps(unit: &str, row: &RowExplanation) -> Vec<Bar> {
    let leading = row.leading(SHOWN);
    let scale = if row.class.is_some() { 100.0 } else { 1.0 };
    let total = |name: &str, value: f64| {
        let value = value * scale;
        let text = match &row.class {
            None => format!("{unit}{}", number(value)),
            Some(_) => format!("{} %", number(value)),
        };
        Bar {
            text,
            ..Bar::new(name.to_string(), value, 0.0)
        }
    };
    let rest = |rest: Rest, effect: &str| {
        (rest.columns > 0).then(|| (other_columns(rest.columns, effect), rest.amount))
    };
    let shown = leading.shown.iter().map(|part| {
        let value = part.value.as_deref().unwrap_or("missing");
        (part.column.clone(), truncate(value, 30), part.amount)
    });
    let remainder = row
        .has_remainder()
        .then(|| ("for no column".to_string(), row.remainder));
    let others = [
        rest(leading.raising, "raise"),
        rest(leading.lowering, "lower"),
    ];
    let others = others.into_iter().flatten().chain(remainder);
    let parts = shown.chain(others.map(|(name, amount)| (name, String::new(), amount)));
    let mut bars = vec![total("the average row", row.baseline)];
    let mut level = row.baseline * scale;
    for (name, value, amount) in parts {
        let amount = amount * scale;
        bars.push(Bar {
            name,
            value,
            from: level,
            to: level + amount,
            spread: 0.0,
            text: signed(amount, unit),
        });
        level += amount;
    }
    bars.push(total("this row", row.prediction));
    bars
}

/// The name of the bar of all columns that are not shown. It fits beside the bar.
fn other_columns(count: usize, effect: &str) -> String {
    match count {
        1 => format!("1 column that {effect}s"),
        _ => format!("{count} columns that {effect}"),
    }
}

#[cfg(test)]
mod tests {
    use backburn_explain::Contribution;

    use super::*;

    #[test]
    fn the_steps_lead_from_the_average_row_to_this_one() {
        let contribution = |column: &str, amount: f64| Contribution {
            column: column.to_string(),
            value: None,
            amount,
        };
        let row = RowExplanation {
            row: 0,
            prediction: 130.0,
            baseline: 100.0,
            class: None,
            contributions: vec![contribution("size", 50.0), contribution("age", -20.0)],
            remainder: 0.0,
        };
        let steps = steps("$", &row);
        let ends: Vec<(f64, f64)> = steps.iter().map(|bar| (bar.from, bar.to)).collect();
        assert_eq!(
            ends,
            [(0.0, 100.0), (100.0, 150.0), (150.0, 130.0), (0.0, 130.0)]
        );
        assert_eq!(steps[2].text, "−$20");
        assert_eq!(
            (steps[2].name.as_str(), steps[2].value.as_str()),
            ("age", "missing")
        );
        assert_eq!(steps[3].text, "$130");
    }
}
