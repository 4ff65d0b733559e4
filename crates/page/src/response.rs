//! Responses to browsers.

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
    pub body: &'a [u8],
}

impl<'a> Response<'a> {
    /// The file that a request names.
    pub fn file(site: &'a Site, request: Request) -> Result<Self, Refusal> {
        let (kind, content) = site.file(request.path).ok_or(Refusal::NotFound)?;
        Ok(Self {
            head: head("200 OK", kind, content.len(), ""),
            body: match request.wants_body {
                true => content,
                false => &[],
            },
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
            Refusal::TooLong => (
                "431 Request Header Fields Too Large",
                "",
                "The request is too long.\n",
            ),
        };
        Self {
            head: head(status, "text/plain; charset=utf-8", text.len(), header),
            body: text.as_bytes(),
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
