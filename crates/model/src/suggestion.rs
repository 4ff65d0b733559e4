//! Suggestions for names that do not exist.

/// The name that was probably meant by `name`, or `None` if nothing is close.
///
/// First, `synonyms` maps the names of other frameworks to names of this one. Then the known name
/// with the smallest edit distance is taken: the number of letters that are inserted, deleted,
/// replaced, or swapped with the next one. At most a third of the letters may differ, or a single
/// one in a short name. Case, `_`, `-` and spaces are ignored. Nothing is close to a name of more than 64
/// bytes.
pub(crate) fn suggestion<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str>,
    synonyms: &[(&str, &'a str)],
) -> Option<&'a str> {
    const MAX_LENGTH: usize = 64;
    if name.len() > MAX_LENGTH {
        return None;
    }
    let name = letters(name);
    let synonym = synonyms.iter().find(|(other, _)| letters(other) == name);
    if let Some((_, meant)) = synonym {
        return Some(meant);
    }
    let limit = (name.chars().count() / 3).max(1);
    known
        .map(|known| (strsim::osa_distance(&name, &letters(known)), known))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

fn letters(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synonyms_come_first_and_then_similar_names() {
        let known = ["relu", "relu6", "silu", "leaky_relu"];
        let synonyms = [("swish", "silu"), ("leaky", "leaky_relu(0.01)")];
        for (name, expected) in [
            ("swish", Some("silu")),
            ("Swish", Some("silu")),
            ("leaky", Some("leaky_relu(0.01)")),
            ("rleu", Some("relu")),
            ("LeakyReLU", Some("leaky_relu")),
            ("leeky-relu", Some("leaky_relu")),
            ("banana", None),
            ("", None),
        ] {
            let found = suggestion(name, known.into_iter(), &synonyms);
            assert_eq!(found, expected, "{name}");
        }
    }
}
