//! Names beside the parts of a chart, cut so that they fit and differ.

use super::canvas::{fitted, fitting_chars};

/// The fewest characters that are shown of the start of a name, if any are.
const SHORTEST_START: usize = 3;

/// Each name as far as it fits its width. If the shown part is also the start of another name, the words that both names
/// start with are left out or cut: `measurem…_12` in place of `measurement…`.
pub fn fitted_names(names: &[(&str, f64)]) -> Vec<String> {
    let fitted_name = |&(name, width): &(&str, f64)| {
        let cut = fitted(name, width);
        if cut == name {
            return cut;
        }
        let shown = cut.chars().count() - 1;
        let others = names.iter().filter(|(other, _)| *other != name);
        let alike = others.filter(|(other, _)| shared(name, other) >= shown);
        match alike.map(|(other, _)| shared_words(name, other)).max() {
            None | Some(0) => cut,
            Some(words) => {
                let rest: String = name.chars().skip(words).collect();
                let space = fitting_chars(width).saturating_sub(rest.chars().count() + 1);
                let start: String = name.chars().take(space).collect();
                match space >= SHORTEST_START {
                    true => format!("{start}…{rest}"),
                    false => fitted(&format!("…{rest}"), width),
                }
            }
        }
    };
    names.iter().map(fitted_name).collect()
}

/// The number of characters that two names start with.
fn shared(one: &str, other: &str) -> usize {
    let pairs = one.chars().zip(other.chars());
    pairs.take_while(|(a, b)| a == b).count()
}

/// The number of characters of the words that two names start with.
fn shared_words(one: &str, other: &str) -> usize {
    let same: Vec<char> = one.chars().take(shared(one, other)).collect();
    let end = same.iter().rposition(|c| !c.is_alphanumeric());
    end.map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same_are_cut_at_their_start() {
        let width = 12.0 * 8.0;
        let names = [
            "answer_to_question_1_of_the_survey",
            "answer_to_question_12_of_the_survey",
            "answer",
            "another_long_name",
        ];
        let names = fitted_names(&names.map(|name| (name, width)));
        assert!(names[0].starts_with("…1_of"), "{names:?}");
        assert!(names[1].starts_with("…12_of"), "{names:?}");
        assert_eq!(names[2], "answer");
        assert!(names[3].starts_with("another_"), "{names:?}");
        assert!(names[3].ends_with('…'), "{names:?}");
    }

    #[test]
    fn a_short_rest_leaves_space_to_the_start() {
        let names = fitted_names(&[("measurement_01", 90.0), ("measurement_02", 90.0)]);
        assert_eq!(names, ["measurem…01", "measurem…02"]);
    }

    #[test]
    fn names_without_words_are_cut_at_their_end() {
        let names = fitted_names(&[("aaaaaaaaaaaaaaaab", 60.0), ("aaaaaaaaaaaaaaaac", 60.0)]);
        assert!(names[0].starts_with("aaa") && names[0].ends_with('…'));
        assert!(fitted_names(&[]).is_empty());
    }
}
