//! What a server reports.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use backburn::text::{count, escaped};

/// What a server reports. As text, it is one line.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The server accepts connections.
    Listening {
        /// The address.
        address: SocketAddr,
        /// Whether connections are encrypted.
        tls: bool,
        /// The names of the models.
        models: Vec<String>,
    },
    /// A request was answered.
    Request {
        /// Who asked, if it is known.
        peer: Option<IpAddr>,
        /// Such as `POST`.
        method: String,
        /// The path of the URL.
        path: String,
        /// The status of the answer.
        status: u16,
        /// The number of rows that were predicted.
        rows: Option<usize>,
        /// The time to the answer.
        seconds: f64,
    },
    /// A model file has changed, and the new model is served.
    ModelReplaced {
        /// The name of the model.
        name: String,
        /// How many models have been served by this name.
        version: u64,
        /// Columns that requests must have now, and had not to before.
        further_columns: Vec<String>,
    },
    /// A model file has changed, and cannot be served; the model before it still is.
    ModelRefused {
        /// The name of the model.
        name: String,
        /// Why.
        reason: String,
    },
    /// A connection could not be accepted.
    ConnectionFailed {
        /// Why.
        reason: String,
    },
    /// The server accepts no more connections, and finishes what it has accepted.
    Stopping,
}

impl fmt::Display for ServerEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening {
                address,
                tls,
                models,
            } => {
                let scheme = if *tls { "https" } else { "http" };
                write!(f, "serving {} at {scheme}://{address}", models.join(", "))
            }
            Self::Request {
                peer,
                method,
                path,
                status,
                rows,
                seconds,
            } => {
                match peer {
                    Some(peer) => write!(f, "{peer} ")?,
                    None => f.write_str("- ")?,
                }
                write!(f, "{} {} {status}", escaped(method), escaped(path))?;
                if let Some(rows) = rows {
                    write!(f, " {}", count(*rows, "row"))?;
                }
                write!(f, " {:.2} ms", seconds * 1e3)
            }
            Self::ModelReplaced {
                name,
                version,
                further_columns,
            } => {
                write!(f, "model {name}: version {version} is served from now on")?;
                match further_columns.is_empty() {
                    true => Ok(()),
                    false => write!(
                        f,
                        "; it also needs {}",
                        escaped(&further_columns.join(", "))
                    ),
                }
            }
            Self::ModelRefused { name, reason } => write!(
                f,
                "model {name}: the changed file is refused, and the model before it is still served: {}",
                escaped(reason)
            ),
            Self::ConnectionFailed { reason } => {
                write!(f, "a connection could not be accepted: {}", escaped(reason))
            }
            Self::Stopping => f.write_str("stopping: accepted requests are finished"),
        }
    }
}

/// Gets the events of a server, from several threads.
#[derive(Clone)]
pub struct ServerLog(Arc<dyn Fn(&ServerEvent) + Send + Sync>);

impl ServerLog {
    /// A log that calls a function.
    pub fn new(log: impl Fn(&ServerEvent) + Send + Sync + 'static) -> Self {
        Self(Arc::new(log))
    }

    pub(crate) fn report(&self, event: &ServerEvent) {
        (self.0)(event);
    }
}

/// Reports nothing.
impl Default for ServerLog {
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for ServerLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerLog")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let request = ServerEvent::Request {
            peer: Some([10, 0, 0, 1].into()),
            method: "POST".to_string(),
            path: "/predict".to_string(),
            status: 200,
            rows: Some(3),
            seconds: 0.00125,
        };
        assert_eq!(
            request.to_string(),
            "10.0.0.1 POST /predict 200 3 rows 1.25 ms"
        );
        let replaced = ServerEvent::ModelReplaced {
            name: "a".to_string(),
            version: 2,
            further_columns: vec!["size".to_string()],
        };
        let text = "model a: version 2 is served from now on; it also needs size";
        assert_eq!(replaced.to_string(), text);
    }
}
