//! Responses to browsers.

use std::borrow::Cow;

use crate::request::{Refusal, Request};
use crate::site::Site;

/// What a page may do: load its own files and compile WebAssembly.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The bytes of a response.
#[derive(Debug)]
pub(crate) struct Response<'a> {
    /// The status and the headers.
    pub head: String,
    /// The content.
    pub body: Cow<'a, [u8]>,
}

impl<'a> Response<'a> {
    /// The file that a request names, compressed if the client accepts that.
    pub fn file(site: &'a Site, request: Request) -> Result<Self, Refusal> {
        let (kind, file) = site.file(request.path).ok_or(Refusal::NotFound)?;
        let (length, coding) = match request.accepts_gzip {
            true => (file.gzip().len(), "Content-Encoding: gzip\r\n"),
            false => (file.size(), ""),
        };
        let header = format!("{coding}Vary: Accept-Encoding\r\n");
        let body: Cow<[u8]> = match (request.wants_body, request.accepts_gzip) {
            (false, _) => Cow::default(),
            (true, true) => Cow::Borrowed(file.gzip()),
            (true, false) => Cow::Owned(file.content().map_err(|_| Refusal::Damaged)?),
        };
        Ok(Self {
            head: head("200 OK", kind, length, &header),
            body,
        })
    }

    /// A refusal as a line of text.
    pub fn refusal(refusal: Refusal) -> Self {
        let (status, header, text) = match refusal {
            Refusal::Bad => (
                "400 Bad Request",
                "",
                "This is not an HTTP/1 request for a host.\n",
            ),
            Refusal::ForeignHost => (
                "403 Forbidden",
                "",
                "This page is for browsers on this computer only.\n",
            ),
            Refusal::NotFound => ("404 Not Found", "", "The page has no such file.\n"),
            Refusal::Method => (
                "405 Method Not Allowed",
                "Allow: GET, HEAD\r\n",
                "Files can only be read.\n",
            ),
            Refusal::Damaged => (
                "500 Internal Server Error",
                "",
                "The file in the program is damaged.\n",
            ),
            Refusal::TooLong => (
                "431 Request Header Fields Too Large",
                "",
                "The request is too long.\n",
            ),
        };
        Self {
            head: head(status, "text/plain; charset=utf-8", text.len(), header),
            body: Cow::Borrowed(text.as_bytes()),
        }
    }
}

/// The status and the headers. A later version of the program may serve another page at the same address, therefore
/// browsers ask each time.
fn head(status: &str, kind: &str, length: usize, header: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{header}Cache-Control: no-cache\r\n\
         Content-Security-Policy: {POLICY}\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_is_that_of_the_page() {
        let page = include_str!("../../playground/web/index.html");
        let (own, _) = POLICY.split_once("; frame-ancestors").unwrap();
        assert!(page.contains(&format!("content=\"{own}\"")), "{own}");
    }
}
