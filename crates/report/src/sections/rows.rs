//! Explanations of single rows.

use backburn_explain::{Rest, RowExplanation};
use maud::{Markup, html};

use crate::format::{number, signed, truncate};
use crate::report::Report;

/// The smallest and the largest number of columns shown for each row.
const SHOWN: std::ops::RangeInclusive<usize> = 6..=15;

/// The explained rows.
pub fn rows(report: &Report) -> Markup {
    html! {
        @if !report.rows.is_empty() {
            h2 { "Predictions of single rows explained" }
            p {
                "Each table starts at the prediction for the average row and ends at the prediction for this row. "
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
    let leading = row.leading(SHOWN);
    let amount = |value: f64| match &row.class {
        None => format!("{unit}{}", number(value)),
        Some(_) => format!("{} %", number(value * 100.0)),
    };
    let added = |value: f64| {
        let class = if value < 0.0 { "minus" } else { "plus" };
        let text = match &row.class {
            None => signed(value, unit),
            Some(_) => format!("{} points", signed(value * 100.0, "")),
        };
        html! { td class=(class) { (text) } }
    };
    let rest = |rest: Rest, effect: &str| {
        html! {
            @if rest.columns > 0 {
                tr {
                    td { (other_columns(rest.columns, effect)) }
                    td {}
                    (added(rest.amount))
                }
            }
        }
    };
    html! {
        div class="row" data-figure="row" {
            h3 { (name) ": " (amount(row.prediction)) @if let Some(class) = &row.class { " for " (truncate(class, 40)) } }
            table {
                tr { th { "the average row" } th {} th { (amount(row.baseline)) } }
                @for part in leading.shown {
                    tr {
                        td { (truncate(&part.column, 40)) }
                        td { (part.value.as_deref().map_or("missing".to_string(), |v| truncate(v, 30))) }
                        (added(part.amount))
                    }
                }
                (rest(leading.raising, "raise"))
                (rest(leading.lowering, "lower"))
                @if row.has_remainder() {
                    tr {
                        td { "for no column: the activation function has jumps, or the prediction is clipped" }
                        td {}
                        (added(row.remainder))
                    }
                }
            }
        }
    }
}

fn other_columns(count: usize, effect: &str) -> String {
    match count {
        1 => format!("1 other column {effect}s it"),
        _ => format!("{count} other columns {effect} it"),
    }
}
