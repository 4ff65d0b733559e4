//! The parameters of a request for predictions.

use backburn::parse::percent;
use backburn::text::shown;

use crate::problem::Problem;

/// What a request asks for beside predictions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct PredictQuery {
    /// The coverage of prediction intervals.
    pub coverage: Option<f64>,
    /// Whether to explain each row.
    pub explanations: bool,
}

impl PredictQuery {
    /// The parameters behind the question mark of a URL.
    pub fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let mut parsed = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let wrong = |expected: &str| {
                let (name, value) = (shown(&name), shown(&value));
                Problem::malformed(format!("`{name}={value}`: give {expected}"))
            };
            match name.as_ref() {
                "explanations" => {
                    parsed.explanations = match value.as_ref() {
                        "true" | "1" | "" => true,
                        "false" | "0" => false,
                        _ => return Err(wrong("true or false")),
                    }
                }
                "interval" => parsed.coverage = Some(coverage(&value).map_err(|e| wrong(&e))?),
                other => {
                    let other = shown(other);
                    return Err(Problem::malformed(format!(
                        "there is no parameter `{other}`: there are `interval` and `explanations`"
                    )));
                }
            }
        }
        Ok(parsed)
    }
}

/// The coverage of an interval, such as 0.9, from a percentage.
pub(crate) fn coverage(text: &str) -> Result<f64, String> {
    percent(text).map(|percent| f64::from(percent) / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_or_refused() {
        let parse = |query| PredictQuery::parse(Some(query));
        assert_eq!(PredictQuery::parse(None).unwrap(), PredictQuery::default());
        assert_eq!(parse("").unwrap(), PredictQuery::default());
        let both = parse("explanations=true&interval=90%25").unwrap();
        assert_eq!((both.coverage, both.explanations), (Some(0.9), true));
        assert!(!parse("explanations=false").unwrap().explanations);
        for wrong in [
            "interval=soon",
            "interval=100",
            "explanations=maybe",
            "explain=true",
        ] {
            let problem = parse(wrong).unwrap_err();
            assert_eq!(problem.status.as_u16(), 400, "{wrong}");
        }
    }
}
