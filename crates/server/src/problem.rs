//! What is wrong with a request.

use axum::http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use backburn::text::{MAX_NAMES, shown};
use backburn::{CellError, TableError};
use serde::Serialize;

/// What is wrong with a request, as a response: an object of the type `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    #[serde(serialize_with = "number_of")]
    pub status: StatusCode,
    pub title: &'static str,
    /// What is wrong, and what to do.
    pub detail: String,
    /// What is wrong by row and column, if the rows do not fit the model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<RowError>,
}

/// A value that is not of its column's kind, or a column that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct RowError {
    /// The number of the row in the request, from 1; `None` for all rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<usize>,
    pub column: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    pub detail: String,
}

/// The most errors that a response lists.
pub(crate) const MAX_ERRORS: usize = 20;

fn number_of<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            title,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }

    /// The request cannot be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "the request cannot be read",
            detail,
        )
    }

    /// The rows do not fit the model.
    pub fn unprocessable(detail: impl Into<String>) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self::new(status, "the rows do not fit the model", detail)
    }

    /// There is no such thing.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not found", detail)
    }

    /// The body or its rows are too many.
    pub fn too_large(detail: impl Into<String>) -> Self {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Self::new(status, "the request is too large", detail)
    }

    /// The server has too much to do.
    pub fn busy(detail: impl Into<String>) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "the server is busy", detail)
    }

    /// A fault of this program.
    pub fn internal() -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let detail = "this is a fault of the server; its standard error has the message";
        Self::new(status, "the prediction failed", detail)
    }

    /// Values are not of their column's kind. Rows of the errors count from 0.
    pub fn wrong_values(errors: Vec<CellError>) -> Self {
        let errors = errors.into_iter().map(|error| {
            let (column, value) = (shown(&error.column), shown(&error.value));
            let expected = error.expected;
            RowError {
                row: Some(error.row + 1),
                detail: format!("column `{column}` holds {expected}, but here is \"{value}\""),
                value: Some(value),
                column: error.column,
            }
        });
        let errors: Vec<RowError> = errors.collect();
        let detail = match errors.first() {
            Some(first) => format!("row {}: {}", first.row.unwrap_or(1), first.detail),
            None => "a value is not of its column's kind".to_string(),
        };
        Self {
            errors,
            ..Self::unprocessable(detail)
        }
    }

    /// The rows lack columns that the model needs.
    pub fn lacking(columns: &[&str]) -> Self {
        let names = columns
            .iter()
            .take(MAX_NAMES)
            .map(|name| format!("`{}`", shown(name)));
        let names: Vec<String> = names.collect();
        let further = match columns.len() - names.len() {
            0 => String::new(),
            further => format!(" and {further} more"),
        };
        let noun = if columns.len() == 1 {
            "the column"
        } else {
            "the columns"
        };
        let detail = format!(
            "the rows lack {noun} {}{further}: give null where a value is missing",
            names.join(", ")
        );
        let errors = columns.iter().take(MAX_ERRORS).map(|column| RowError {
            row: None,
            column: column.to_string(),
            value: None,
            detail: "the model needs this column".to_string(),
        });
        Self {
            errors: errors.collect(),
            ..Self::unprocessable(detail)
        }
    }

    /// The headers that belong to the status.
    fn headers(&self) -> Option<(HeaderName, &'static str)> {
        match self.status {
            StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, "Bearer")),
            StatusCode::SERVICE_UNAVAILABLE => Some((RETRY_AFTER, "1")),
            // The rest of the body is not read.
            StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE => {
                Some((CONNECTION, "close"))
            }
            _ => None,
        }
    }

    /// The response with another body than that of RFC 9457.
    pub fn with_body(&self, content_type: &'static str, body: String) -> Response {
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some((name, value)) = self.headers() {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self).unwrap_or_default();
        self.with_body("application/problem+json", body)
    }
}

impl From<TableError> for Problem {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Io { .. } | TableError::Malformed { .. } => {
                Self::malformed(error.to_string())
            }
            TableError::Cell { error, .. } => Self::wrong_values(vec![error]),
            _ => Self::unprocessable(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_where_and_what() {
        let error = CellError {
            column: "size".to_string(),
            row: 1,
            value: "large\n".to_string(),
            expected: "numbers",
        };
        let problem = Problem::wrong_values(vec![error]);
        let json = serde_json::to_value(&problem).unwrap();
        let expected = serde_json::json!({
            "status": 422,
            "title": "the rows do not fit the model",
            "detail": "row 2: column `size` holds numbers, but here is \"large\\n\"",
            "errors": [{
                "row": 2,
                "column": "size",
                "value": "large\\n",
                "detail": "column `size` holds numbers, but here is \"large\\n\"",
            }],
        });
        assert_eq!(json, expected);
        let lacking = Problem::lacking(&["size", "street"]);
        assert!(
            lacking
                .detail
                .starts_with("the rows lack the columns `size`, `street`:")
        );
        let json = serde_json::to_value(&lacking.errors[1]).unwrap();
        let expected =
            serde_json::json!({"column": "street", "detail": "the model needs this column"});
        assert_eq!(json, expected);
        let response = Problem::busy("later").into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "1");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }
}
