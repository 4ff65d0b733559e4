//! Parts of the page that several sections use.

use maud::{Markup, PreEscaped, html};

/// A chart with a title and an explanation. `name` says which figure it is, for tests.
pub fn figure(name: &str, title: &str, text: &str, svg: Option<String>) -> Markup {
    html! {
        figure data-figure=(name) {
            figcaption { b { (title) } (text) }
            @match svg {
                Some(svg) => (PreEscaped(svg)),
                None => p class="faint" { "There are no values to draw." },
            }
        }
    }
}

/// A table that scrolls where it does not fit, also with the keyboard. `label` says what it holds, for screen readers.
/// `class` is a class of the style sheet.
pub fn wide_table(label: &str, class: &str, rows: Markup) -> Markup {
    html! {
        div class="wide" tabindex="0" role="group" aria-label=(label) {
            table class=(class) { (rows) }
        }
    }
}

/// Text in which parts between backticks are shown as code.
pub fn with_code(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
