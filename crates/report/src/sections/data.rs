//! What the network was trained on, and its shape.

use backburn::text::count;
use maud::{Markup, html};

use crate::charts::{self, Bar, Scale};
use crate::distribution::{Distribution, DistributionValues};
use crate::figure::{figure, with_code};
use crate::format::truncate;
use crate::place::Place;
use crate::report::Report;

/// Facts, notes, and the distributions of columns.
pub fn data(report: &Report, place: Place) -> Markup {
    let title = match place {
        Place::Page => "The data and the network",
        Place::Part(_) => "The target and its rows",
    };
    html! {
        (place.heading("data", title))
        dl { @for (name, value) in &report.facts { dt { (name) } dd { (with_code(value)) } } }
        @if !report.notes.is_empty() {
            ul { @for note in &report.notes { li { (with_code(note)) } } }
        }
        @if !report.distributions.is_empty() {
            (place.subheading("The target and the most important columns"))
            div class="grid small" {
                @for distribution in &report.distributions { (distribution_figure(distribution)) }
            }
        }
    }
}

fn distribution_figure(distribution: &Distribution) -> Markup {
    let missing = match distribution.missing {
        0 => String::new(),
        missing => format!("{} without a value.", count(missing, "row")),
    };
    let (svg, others) = match &distribution.values {
        DistributionValues::Numbers {
            counts,
            range,
            are_dates,
            are_whole,
        } => {
            let scale = match (are_dates, are_whole) {
                (true, _) => Scale::Dates,
                (false, true) => Scale::Whole,
                (false, false) => Scale::Numbers,
            };
            (charts::histogram(counts, range, ("", "rows"), scale), 0)
        }
        DistributionValues::Categories { counts, others } => {
            let bars = counts.iter();
            let bars = bars.map(|(name, count)| Bar::new(name.clone(), *count as f64, 0.0));
            (charts::bars(&bars.collect::<Vec<_>>(), "rows"), *others)
        }
    };
    let text = match others {
        0 => missing,
        others => format!("{} with other categories. {missing}", count(others, "row")),
    };
    let title = truncate(&distribution.column, 80);
    figure("distribution", &title, text.trim_end(), svg)
}
