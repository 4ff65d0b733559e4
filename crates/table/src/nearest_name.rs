//! Suggestions for misspelled names.

/// The candidate most similar to a name that does not exist, for "did you mean" hints; `None` if no
/// candidate has a Jaro-Winkler similarity above 0.75. Case is ignored. Only the first 10,000 candidates are
/// compared, and no names of more than 64 bytes: the time grows with the product of the lengths.
pub fn nearest_name<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    const MAX_LENGTH: usize = 64;
    const MAX_CANDIDATES: usize = 10_000;
    if name.len() > MAX_LENGTH {
        return None;
    }
    let lower = name.to_lowercase();
    names
        .take(MAX_CANDIDATES)
        .filter(|candidate| candidate.len() <= MAX_LENGTH)
        .map(|candidate| {
            (
                strsim::jaro_winkler(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_string())
}
