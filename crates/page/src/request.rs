//! Requests of browsers.

/// A request for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request<'a> {
    /// Whether the file is wanted, or with HEAD, only its type and its size.
    pub wants_body: bool,
    /// The path, such as `/js/app.js`, without a query.
    pub path: &'a str,
    /// Whether the content may be compressed with gzip.
    pub accepts_gzip: bool,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not HTTP/1.
    Bad,
    /// It is for another host: a site of that name may have led the browser here.
    ForeignHost,
    /// It is neither GET nor HEAD.
    Method,
    /// The compressed file in memory cannot be decompressed.
    Damaged,
    /// There is no such file.
    NotFound,
    /// Its head has more than [`MAX_HEAD`] bytes.
    TooLong,
}

/// The largest size of the lines before the body of a request, in bytes.
pub(crate) const MAX_HEAD: usize = 8 << 10;

/// Whether the lines before the body are complete.
pub(crate) fn is_complete(head: &[u8]) -> bool {
    head.windows(4).any(|bytes| bytes == b"\r\n\r\n")
}

/// Reads the lines before the body of a request.
pub(crate) fn parse(head: &[u8]) -> Result<Request<'_>, Refusal> {
    let text = str::from_utf8(head).map_err(|_| Refusal::Bad)?;
    let (lines, _) = text.split_once("\r\n\r\n").ok_or(Refusal::Bad)?;
    let mut lines = lines.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let first = (words.next(), words.next(), words.next(), words.next());
    let (Some(method), Some(target), Some("HTTP/1.0" | "HTTP/1.1"), None) = first else {
        return Err(Refusal::Bad);
    };
    let mut hosts = Vec::new();
    let mut codings = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(Refusal::Bad)?;
        if name.eq_ignore_ascii_case("host") {
            hosts.push(value.trim());
        } else if name.eq_ignore_ascii_case("accept-encoding") {
            codings.extend(value.split(','));
        }
    }
    let &[host] = hosts.as_slice() else {
        return Err(Refusal::Bad);
    };
    if !target.starts_with('/') {
        return Err(Refusal::Bad);
    }
    if !is_this_computer(host) {
        return Err(Refusal::ForeignHost);
    }
    Ok(Request {
        wants_body: match method {
            "GET" => true,
            "HEAD" => false,
            _ => return Err(Refusal::Method),
        },
        path: target.split('?').next().unwrap_or_default(),
        accepts_gzip: accepts_gzip(&codings),
    })
}

/// Whether gzip is among the content codings of `Accept-Encoding`, such as `gzip;q=0.8` or `*`. A weight of 0 excludes
/// a coding.
fn accepts_gzip(codings: &[&str]) -> bool {
    let accepts = |wanted: &str| {
        codings.iter().find_map(|&coding| {
            let (name, parameter) = coding.split_once(';').unwrap_or((coding, ""));
            let weight = parameter.trim().strip_prefix("q=").unwrap_or("1");
            let is_accepted = weight
                .trim()
                .parse::<f32>()
                .is_ok_and(|weight| weight > 0.0);
            name.trim()
                .eq_ignore_ascii_case(wanted)
                .then_some(is_accepted)
        })
    };
    accepts("gzip").or_else(|| accepts("*")).unwrap_or(false)
}

/// Whether a host, with or without a port, is a name of this computer.
fn is_this_computer(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let names = ["127.0.0.1", "localhost", "[::1]"];
    names.iter().any(|own| name.eq_ignore_ascii_case(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_a_file() {
        let head = b"GET /js/app.js?v=2 HTTP/1.1\r\nHost: localhost:8321\r\nAccept: */*\r\n\r\n";
        let request = Request {
            wants_body: true,
            path: "/js/app.js",
            accepts_gzip: false,
        };
        assert!(is_complete(head));
        assert_eq!(parse(head), Ok(request));
        let head = b"HEAD / HTTP/1.0\r\nhost:127.0.0.1\r\n\r\n";
        assert!(!parse(head).unwrap().wants_body);
    }

    #[test]
    fn gzip_is_accepted_by_name_or_as_any_coding() {
        for (codings, is_accepted) in [
            ("gzip, deflate, br", true),
            ("br;q=1.0, GZIP;q=0.5", true),
            ("deflate, *;q=0.1", true),
            ("", false),
            ("identity", false),
            ("gzip;q=0, *", false),
            ("gzip; q=0.000", false),
            ("*;q=0", false),
            ("gzip;q=high", false),
            ("gzipped", false),
        ] {
            let head =
                format!("GET / HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: {codings}\r\n\r\n");
            let request = parse(head.as_bytes()).unwrap();
            assert_eq!(request.accepts_gzip, is_accepted, "{codings}");
        }
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for (head, refusal) in [
            ("GET / HTTP/1.1\r\n\r\n", Refusal::Bad),
            (
                "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
                Refusal::Bad,
            ),
            ("GET / HTTP/2\r\nHost: localhost\r\n\r\n", Refusal::Bad),
            ("GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::Bad),
            (
                "GET index.html HTTP/1.1\r\nHost: localhost\r\n\r\n",
                Refusal::Bad,
            ),
            (
                "GET / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
                Refusal::Bad,
            ),
            ("\r\n\r\n", Refusal::Bad),
            (
                "GET / HTTP/1.1\r\nHost: localhost.example.com\r\n\r\n",
                Refusal::ForeignHost,
            ),
            (
                "GET / HTTP/1.1\r\nHost: 127.0.0.1.nip.io:80\r\n\r\n",
                Refusal::ForeignHost,
            ),
            ("POST / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", Refusal::Method),
        ] {
            assert_eq!(parse(head.as_bytes()), Err(refusal), "{head:?}");
        }
        assert_eq!(
            parse(b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            Err(Refusal::Bad)
        );
    }
}
