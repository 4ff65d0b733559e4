//! The media types of requests and answers.

use axum::http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use backburn::{ContentKind, Encoding};

use crate::problem::Problem;

/// The media type of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    /// One object.
    Json,
    /// An object in each line.
    JsonLines,
    Csv,
    ArrowStream,
}

/// What the body of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub kind: ContentKind,
    /// The encoding of text, if the request names one.
    pub encoding: Option<Encoding>,
    /// The type of the answer, unless the request asks for another.
    pub answer: Media,
}

const REQUESTS: &str = "application/json, application/x-ndjson, text/csv, \
    application/vnd.apache.arrow.stream or application/vnd.apache.arrow.file";
const ANSWERS: &str = "application/json, application/x-ndjson, text/csv or \
    application/vnd.apache.arrow.stream";

impl Media {
    const ALL: [Self; 4] = [Self::Json, Self::JsonLines, Self::Csv, Self::ArrowStream];

    /// The value of the header `Content-Type`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::JsonLines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
            Self::ArrowStream => "application/vnd.apache.arrow.stream",
        }
    }

    /// The type of the answer: the first that the header `Accept` names, or `usual`.
    pub fn of_answer(headers: &HeaderMap, usual: Self) -> Result<Self, Problem> {
        let accepted = text(headers, ACCEPT);
        if accepted.is_empty() {
            return Ok(usual);
        }
        let ranges = accepted
            .split(',')
            .map(|range| essence(range).to_ascii_lowercase());
        for range in ranges {
            let fits = |media: &Self| {
                let name = essence(media.name());
                let main = name.split_once('/').map_or(name, |(main, _)| main);
                range == "*/*" || range == name || range.strip_suffix("/*") == Some(main)
            };
            let first = std::iter::once(usual).chain(Self::ALL).find(fits);
            if let Some(media) = first.or_else(|| of_request(&range).map(|(_, media)| media)) {
                return Ok(media);
            }
        }
        let detail = format!("the answer can be {ANSWERS}, and not what `Accept` asks for");
        let status = StatusCode::NOT_ACCEPTABLE;
        Err(Problem::new(status, "no such type of answer", detail))
    }
}

impl Content {
    /// What the headers of a request say about its body.
    pub fn of_request(headers: &HeaderMap) -> Result<Self, Problem> {
        let unsupported = |detail: String| {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            Problem::new(status, "no such type of request", detail)
        };
        let packed = text(headers, CONTENT_ENCODING);
        if !matches!(packed, "" | "identity") {
            let detail = "the body may not be compressed: leave out the header `Content-Encoding`";
            return Err(unsupported(detail.to_string()));
        }
        let stated = text(headers, CONTENT_TYPE);
        let Some((kind, answer)) = of_request(&essence(stated).to_ascii_lowercase()) else {
            let detail = format!("the header `Content-Type` must be {REQUESTS}");
            return Err(unsupported(detail));
        };
        let encoding = match charset(stated) {
            Some(name) if kind == ContentKind::Csv => Some(name.parse().map_err(unsupported)?),
            Some(name) if !name.eq_ignore_ascii_case("utf-8") => {
                let detail = "the encoding of JSON is UTF-8: leave out `charset`";
                return Err(unsupported(detail.to_string()));
            }
            _ => None,
        };
        Ok(Self {
            kind,
            encoding,
            answer,
        })
    }
}

fn of_request(name: &str) -> Option<(ContentKind, Media)> {
    Some(match name {
        "application/json" | "text/json" => (ContentKind::Json, Media::Json),
        "application/x-ndjson"
        | "application/ndjson"
        | "application/jsonl"
        | "application/jsonlines"
        | "application/x-jsonlines" => (ContentKind::Json, Media::JsonLines),
        "text/csv" | "application/csv" => (ContentKind::Csv, Media::Csv),
        "application/vnd.apache.arrow.stream" => (ContentKind::ArrowStream, Media::ArrowStream),
        "application/vnd.apache.arrow.file" => (ContentKind::ArrowFile, Media::ArrowStream),
        _ => return None,
    })
}

/// A header's text; empty if there is none, or if it is not text.
fn text(headers: &HeaderMap, name: HeaderName) -> &str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().trim()
}

/// A media type without its parameters.
fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

fn charset(media_type: &str) -> Option<&str> {
    let mut parameters = media_type.split(';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    fn request(value: &'static str) -> Result<Content, Problem> {
        Content::of_request(&headers(CONTENT_TYPE, value))
    }

    fn answer(value: &'static str, usual: Media) -> Result<Media, Problem> {
        Media::of_answer(&headers(ACCEPT, value), usual)
    }

    #[test]
    fn the_content_type_says_what_the_body_is() {
        for (value, kind, media) in [
            ("application/json", ContentKind::Json, Media::Json),
            (
                "Application/JSON; charset=UTF-8",
                ContentKind::Json,
                Media::Json,
            ),
            ("application/x-ndjson", ContentKind::Json, Media::JsonLines),
            ("text/csv", ContentKind::Csv, Media::Csv),
            (
                "application/vnd.apache.arrow.stream",
                ContentKind::ArrowStream,
                Media::ArrowStream,
            ),
            (
                "application/vnd.apache.arrow.file",
                ContentKind::ArrowFile,
                Media::ArrowStream,
            ),
        ] {
            let content = request(value).unwrap();
            assert_eq!((content.kind, content.answer), (kind, media), "{value}");
        }
        let latin = request("text/csv; header=present; charset=\"latin1\"").unwrap();
        assert_eq!(latin.encoding, Some("windows-1252".parse().unwrap()));
        for wrong in [
            "",
            "text/plain",
            "text/csv; charset=klingon",
            "application/json; charset=latin1",
        ] {
            let problem = request(wrong).unwrap_err();
            assert_eq!(
                problem.status,
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "{wrong}"
            );
        }
        let mut packed = headers(CONTENT_TYPE, "text/csv");
        packed.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(Content::of_request(&packed).is_err());
    }

    #[test]
    fn the_answer_is_what_the_request_asks_for() {
        assert_eq!(
            Media::of_answer(&HeaderMap::new(), Media::Csv).unwrap(),
            Media::Csv
        );
        for (accept, media) in [
            ("*/*", Media::Csv),
            ("text/*", Media::Csv),
            ("application/json", Media::Json),
            ("image/png, application/x-ndjson;q=0.5", Media::JsonLines),
            ("application/jsonl", Media::JsonLines),
            ("application/*", Media::Json),
            ("text/html, */*;q=0.1", Media::Csv),
        ] {
            assert_eq!(answer(accept, Media::Csv).unwrap(), media, "{accept}");
        }
        let problem = answer("text/html", Media::Json).unwrap_err();
        assert_eq!(problem.status, StatusCode::NOT_ACCEPTABLE);
    }
}
