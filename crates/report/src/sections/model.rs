//! What the model learned about the columns.

use backburn::ColumnKind;
use backburn_explain::{Dependence, Importance, Measure};
use maud::{Markup, html};

use crate::charts::{self, Bar, Lines, Scale};
use crate::figure::figure;
use crate::format::{number, truncate};
use crate::place::Place;
use crate::report::Report;

/// The largest number of columns in the chart of importance.
const COLUMNS: usize = 15;
/// The number of categories from which dependence shows only the most frequent ones.
const CATEGORIES: usize = 12;

/// Importance and dependence.
pub fn model(report: &Report, place: Place) -> Markup {
    html! {
        (place.heading("model", "What the model learned"))
        @match &report.importance {
            Some((measure, columns)) if !columns.is_empty() => {
                div class="grid" {
                    (importance(*measure, columns, &report.unit))
                    @for dependence in &report.dependence { (dependence_figure(report, dependence)) }
                }
            }
            Some(_) => p { "The importance of the columns needs at least two rows." },
            None => p {
                "The importance of the columns was not computed."
                @if report.networks > 0 {
                    " " code { "trainer report MODEL TABLE" }
                    " computes it for the rows of a table, and compares predictions with actual values."
                }
            },
        }
    }
}

fn importance(measure: Measure, columns: &[Importance], unit: &str) -> Markup {
    let (error, axis, has_unit) = match measure {
        Measure::Rmse => (
            "The rise of the root mean squared error",
            "rise of the RMSE",
            true,
        ),
        Measure::LogLoss => ("The rise of the log loss", "rise of the log loss", false),
        Measure::Change => {
            let error = "The root mean squared change of the predictions";
            (error, "change of the predictions", true)
        }
    };
    let mut text = format!(
        "{error} when the values of a column are shuffled among the rows. The thin line extends one standard \
         deviation over the repeats to both sides."
    );
    if columns.len() > COLUMNS {
        text += &format!(
            " These are the {COLUMNS} most important of {} columns.",
            columns.len()
        );
    }
    let bars: Vec<Bar> = columns
        .iter()
        .take(COLUMNS)
        .map(|importance| Bar::new(importance.column.clone(), importance.mean, importance.std))
        .collect();
    let axis = match has_unit && !unit.is_empty() {
        true => format!("{axis} in {unit}"),
        false => axis.to_string(),
    };
    figure(
        "importance",
        "Importance",
        &text,
        charts::bars(&bars, &axis),
    )
}

fn dependence_figure(report: &Report, dependence: &Dependence) -> Markup {
    let numbers: Vec<(f64, f64)> = dependence
        .points
        .iter()
        .filter_map(|point| Some((point.number?, point.mean)))
        .collect();
    let (axis, what) = match &dependence.class {
        None => {
            let axis = format!("mean {}", truncate(&report.target, 24));
            (axis, "prediction".to_string())
        }
        Some(class) => {
            let class = truncate(class, 24);
            (format!("p({class})"), format!("probability of {class}"))
        }
    };
    let mut text = format!("The mean {what} if every row had this value.");
    let mut missing = dependence.points.iter();
    let missing = missing.find(|point| point.value.is_empty());
    match (numbers.is_empty(), missing) {
        (true, _) if dependence.points.len() >= CATEGORIES => {
            text += " Only the most frequent categories are shown.";
        }
        (false, Some(missing)) => {
            let mean = match &dependence.class {
                None => format!("{}{}", report.unit, number(missing.mean)),
                Some(_) => format!("{} %", number(missing.mean * 100.0)),
            };
            text += &format!(" If the value is missing, it is {mean}.");
        }
        _ => {}
    }
    let svg = match numbers.is_empty() {
        true => charts::bars(&category_bars(dependence), &axis),
        false => charts::lines(&Lines {
            x: &truncate(&dependence.column, 40),
            y: &axis,
            scale: match dependence.kind {
                ColumnKind::Date => Scale::Dates,
                _ if numbers.iter().all(|(x, _)| x.fract() == 0.0) => Scale::Whole,
                _ => Scale::Numbers,
            },
            curves: vec![(String::new(), numbers)],
            reach: &means(report, dependence),
            dots: true,
            ..Lines::default()
        }),
    };
    let title = format!("Dependence on {}", truncate(&dependence.column, 60));
    figure("dependence", &title, &text, svg)
}

/// The numbers of all curves of the same class, or of the same target. These charts have the same vertical axis, so that
/// a small effect looks small.
fn means(report: &Report, dependence: &Dependence) -> Vec<f64> {
    let alike = report.dependence.iter();
    let alike = alike.filter(|other| other.class == dependence.class);
    let points = alike.flat_map(|other| &other.points);
    let of_curves = points.filter(|point| point.number.is_some());
    of_curves.map(|point| point.mean).collect()
}

/// A bar for each category.
fn category_bars(dependence: &Dependence) -> Vec<Bar> {
    let bars = dependence.points.iter().map(|point| {
        let name = match point.value.as_str() {
            "" => "missing",
            value => value,
        };
        Bar::new(name.to_string(), point.mean, 0.0)
    });
    bars.collect()
}
