//! Where a report stands on its page.

use maud::{Markup, html};

/// Where a report stands on its page: it is the page, or the part about one of several targets, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    Page,
    Part(usize),
}

impl Place {
    /// The heading of a section. `id` is the name that links lead to; in a part it has the number of the part before it.
    pub fn heading(self, id: &str, title: &str) -> Markup {
        match self {
            Self::Page => html! { h2 id=(id) { (title) } },
            Self::Part(part) => html! { h3 id=(format!("target-{part}-{id}")) { (title) } },
        }
    }

    /// A heading in a section.
    pub fn subheading(self, title: &str) -> Markup {
        match self {
            Self::Page => html! { h3 { (title) } },
            Self::Part(_) => html! { h4 { (title) } },
        }
    }
}
