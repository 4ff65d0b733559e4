//! The token that requests must have.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use backburn::Error;
use backburn::text::path_name;
use subtle::ConstantTimeEq;

/// The environment variable that may hold the token.
pub const TOKEN_VARIABLE: &str = "BACKBURN_TOKEN";

/// The token that requests must have, as `Authorization: Bearer TOKEN` (RFC 6750). It is compared in a time
/// that depends on its length alone, and is not shown by `{:?}`.
#[derive(Clone)]
pub struct Token(Vec<u8>);

impl Token {
    /// A token. White space around it is left out.
    ///
    /// # Errors
    ///
    /// The token is empty, or has characters that a header cannot have.
    pub fn new(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let wrong = |reason: &str| Err(Error::Config(format!("the token {reason}")));
        match () {
            () if text.is_empty() => wrong("is empty"),
            () if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                wrong("has other characters than ASCII letters, digits and signs")
            }
            () => Ok(Self(text.as_bytes().to_vec())),
        }
    }

    /// The token in a file, or in the variable [`TOKEN_VARIABLE`] if there is no file; `None` without both.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or the token is not one.
    pub fn from_file_or_variable(file: Option<&Path>) -> Result<Option<Self>, Error> {
        if let Some(path) = file {
            let name = path_name(path);
            let text = text_of(path);
            let text = text.map_err(|error| Error::Config(format!("{name}: {error}")))?;
            let token = Self::new(&text);
            return token
                .map(Some)
                .map_err(|error| Error::Config(format!("{name}: {error}")));
        }
        match std::env::var(TOKEN_VARIABLE) {
            Ok(text) => {
                let token = Self::new(&text);
                let named = |error| Error::Config(format!("{TOKEN_VARIABLE}: {error}"));
                token.map(Some).map_err(named)
            }
            Err(_) => Ok(None),
        }
    }

    /// Whether the headers of a request have the token.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let given = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
        let scheme = given.and_then(|given| given.split_at_checked("Bearer ".len()));
        scheme.is_some_and(|(scheme, token)| {
            scheme.eq_ignore_ascii_case(b"Bearer ") && token.ct_eq(&self.0).into()
        })
    }
}

/// The text of a file that is not longer than a token can be, so that a device without end is refused.
fn text_of(path: &Path) -> io::Result<String> {
    const LARGEST: usize = 1 << 16;
    let mut text = String::new();
    let mut start = File::open(path)?.take(LARGEST as u64 + 1);
    start.read_to_string(&mut text)?;
    match text.len() > LARGEST {
        true => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            "it is larger than 64 kB",
        )),
        false => Ok(text),
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_whole_token_is_right() {
        let token = Token::new(" s3cret+/=\n").unwrap();
        assert_eq!(format!("{token:?}"), "Token(hidden)");
        let is_right = |value: &'static str| {
            let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static(value))]);
            token.is_in(&headers)
        };
        assert!(is_right("Bearer s3cret+/=") && is_right("bearer s3cret+/="));
        for wrong in [
            "Bearer s3cret+/",
            "Bearer s3cret+/= ",
            "Basic s3cret+/=",
            "Bearer",
            "",
            "s3cret+/=",
        ] {
            assert!(!is_right(wrong), "{wrong:?}");
        }
        assert!(!token.is_in(&HeaderMap::new()));
    }

    #[test]
    fn a_token_has_no_spaces_and_is_not_empty() {
        for wrong in ["", " \n", "two words", "über"] {
            assert!(Token::new(wrong).is_err(), "{wrong:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "secret\n").unwrap();
        let token = Token::from_file_or_variable(Some(&path)).unwrap().unwrap();
        assert_eq!(token.0, b"secret");
        std::fs::write(&path, "").unwrap();
        let error = Token::from_file_or_variable(Some(&path))
            .unwrap_err()
            .to_string();
        assert!(error.contains("the token is empty"), "{error}");
        std::fs::write(&path, "a".repeat(100_000)).unwrap();
        let error = Token::from_file_or_variable(Some(&path)).unwrap_err();
        assert!(error.to_string().contains("larger than 64 kB"), "{error}");
        assert!(Token::from_file_or_variable(Some(&folder.path().join("no"))).is_err());
    }
}
