//! The marks beside the numbers of a column: currencies, percent signs and units.

use std::collections::BTreeMap;

use crate::number_scale::{NumberScale, mark_key};
use crate::number_text::{is_currency, may_be_absent};

/// More different marks are text, not units.
const MAX_MARKS: usize = 8;

/// How many numbers have each mark.
#[derive(Debug, Clone, Default)]
pub(crate) struct MarkEvidence {
    marks: BTreeMap<String, usize>,
    /// Numbers without a mark.
    bare: usize,
}

/// The spellings of one mark.
struct Group {
    /// The most frequent one.
    text: String,
    count: usize,
    /// Whether some numbers of a column may lack it.
    free: bool,
}

/// The mark of a column, and what other marks do to the numbers.
pub(crate) type Marks = (Option<String>, Option<NumberScale>);

impl MarkEvidence {
    pub fn add(&mut self, mark: Option<&str>) {
        let Some(mark) = mark else {
            self.bare += 1;
            return;
        };
        if let Some(count) = self.marks.get_mut(mark) {
            *count += 1;
        } else if self.marks.len() <= MAX_MARKS {
            self.marks.insert(mark.to_string(), 1);
        }
    }

    /// The marks, and how many values have each.
    pub fn counts(&self) -> Vec<(String, usize)> {
        let marks = self.marks.iter();
        marks.map(|(mark, count)| (mark.clone(), *count)).collect()
    }

    /// Whether the marks are all currencies.
    pub fn are_currencies(&self) -> bool {
        self.marks.keys().all(|mark| is_currency(mark))
    }

    /// Marks whose spellings are one.
    fn groups(&self) -> Vec<Group> {
        let mut groups: BTreeMap<String, (Group, usize)> = BTreeMap::new();
        for (mark, &count) in &self.marks {
            let (group, most) = groups.entry(mark_key(mark)).or_insert_with(|| {
                let text = mark.clone();
                let group = Group {
                    text,
                    count: 0,
                    free: false,
                };
                (group, 0)
            });
            if count > *most {
                *most = count;
                group.text.clone_from(mark);
            }
            group.count += count;
            group.free |= may_be_absent(mark);
        }
        groups.into_values().map(|(group, _)| group).collect()
    }

    /// The mark of the column's numbers, if they have one, and the scale of others; `None` if their marks
    /// do not go together. A unit stands beside every number, unless most have none.
    pub fn guess(&self) -> Option<Marks> {
        let groups = self.groups();
        let (free, units): (Vec<&Group>, Vec<&Group>) = groups.iter().partition(|group| group.free);
        let total: usize = units.iter().map(|group| group.count).sum();
        let keys: Vec<&str> = units.iter().map(|group| group.text.as_str()).collect();
        let text = |group: &Group| Some(group.text.clone());
        let bare = self.bare + free.iter().map(|group| group.count).sum::<usize>();
        let scale = NumberScale::of(&keys, bare);
        match (free.as_slice(), units.as_slice()) {
            ([], []) => Some((None, None)),
            ([], _) if scale.is_some() => Some((None, scale)),
            ([mark], _) if scale.is_some() => Some((text(mark), scale)),
            ([mark], _) if bare >= total => Some((text(mark), None)),
            ([], [mark]) if bare == 0 => Some((text(mark), None)),
            ([], _) if bare >= total => Some((None, None)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(marks: &[&str]) -> Option<Marks> {
        let mut evidence = MarkEvidence::default();
        for mark in marks {
            evidence.add((!mark.is_empty()).then_some(*mark));
        }
        evidence.guess()
    }

    #[test]
    fn marks_go_together_or_not() {
        let mark = |text: &str| Some((Some(text.to_string()), None));
        assert_eq!(guess(&["kg", "Kg", "kg"]), mark("kg"));
        assert_eq!(guess(&["year", "years", "years"]), mark("years"));
        assert_eq!(guess(&["USD", "usd", "USD", ""]), mark("USD"));
        assert_eq!(guess(&["st", "nd", "th", "th"]), mark("th"));
        assert_eq!(guess(&["kg", "kg", ""]), None);
        assert_eq!(guess(&["kg", "", ""]), Some((None, None)));
        assert_eq!(guess(&["$", "€"]), None);
        assert_eq!(guess(&["kg", "g"]), None);
        let magnitude = Some(NumberScale::Magnitude);
        assert_eq!(guess(&["K", "M", "M"]), Some((None, magnitude)));
        assert_eq!(
            guess(&["$", "$", "K"]),
            Some((Some("$".to_string()), magnitude))
        );
        assert_eq!(guess(&[]), Some((None, None)));
    }
}
